#!/bin/bash
# Runs inside a booted, clean Debian: the life of the package from first installation to purge. Each step leaves its
# output and status under /root/results; the test outside reads them. Nothing here decides what is right. Commands of
# packaging/README.md are taken from there: `readme BLOCK` or `readme BLOCK LINE`.
cd /root
mkdir -p results
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* # there is no network to reach them by
step() {
    name=$1
    shift
    "$@" >"results/$name.out" 2>&1 </dev/null
    echo $? >"results/$name.rc"
}
readme() { if [ -n "$2" ]; then sed -n "$2p" "given/readme/$1"; else cat "given/readme/$1"; fi; }
as_read() { bash -ec "$(readme "$@")"; }
property() { systemctl show "$1" --property="$2" --value; }
get() { python3 -c "import sys, urllib.request; print(urllib.request.urlopen('http://127.0.0.1:' + sys.argv[1]).read().decode())" "$1/health/live"; }
digests() { find /var/lib/spsti-connector/adapters /etc/spsti-connector -type f -exec sha256sum {} + | sort -k2; }
configure() { # FOLDER GROUP COMMAND...
    etc=$1 group=$2
    shift 2
    "$@" --trial --member-id 318751275100020 --name "SPSTI Exemple" --environment test \
        --endpoint https://127.0.0.1:8443 --opposition register --decided-by "Dr Exemple" \
        --trusted-ca ca/ca.pem --crl ca/root.crl --crl ca/issuing.crl || return
    install -d -g "$group" -m 750 "$etc/ca"
    install -m 640 -g "$group" given/ca.pem given/root.crl given/issuing.crl "$etc/ca/"
    for use in server client; do
        install -m 640 -g "$group" given/$use.pem "$etc/tls/$use.pem"
        install -m 600 given/$use.key "$etc/credentials/$use-key"
    done
    sed -i "s#\"[^\"]*ca/\([a-z]*\)\.#\"$etc/ca/\1.#g" "$etc/connector.toml"
}
nightly_backup() {
    for use in operations safe; do
        openssl genpkey -algorithm x25519 -out "$use.key" || return
        openssl pkey -in "$use.key" -pubout -out "$use.pub" || return
    done
    as_read 3 && systemctl start spsti-connector-backup # the second takes the first one's place
}
rehearse() {
    cd /var/backups/spsti-connector && spsti-connector restore data --keys keys --epochs epochs --rehearse \
        --identity /root/operations.key --keys-identity /root/safe.key
}
from_repository() {
    readme 6 | sed -e "s#^URIs: .*#URIs: file:/srv/repository#" \
        -e "s#^Suites: .*#Suites: $(. /etc/os-release && echo "$VERSION_CODENAME")#" >upgrade
    cd /srv/repository && bash -e /root/upgrade
}
completed() {
    source /usr/share/bash-completion/completions/spsti-connector
    COMP_WORDS=(spsti-connector backu) COMP_CWORD=1 COMPREPLY=()
    $(complete -p spsti-connector | sed 's/.* -F \([^ ]*\) .*/\1/') spsti-connector
    echo "${COMPREPLY[@]}"
}

cp given/old.deb spsti-connector_0.0.9.deb
step install-old as_read 1 1
step enabled systemctl is-enabled spsti-connector
step start-empty systemctl start spsti-connector
step state-empty property spsti-connector ActiveState
step rights stat -c '%n %U:%G %a' /etc/spsti-connector /etc/spsti-connector/credentials /var/lib/spsti-connector
step init configure /etc/spsti-connector spsti-connector $(readme 1 2)
step check as_read 1 3
mv /etc/spsti-connector/credentials/sign-key kept
step start-keyless systemctl start spsti-connector
step state-keyless property spsti-connector ActiveState
step journal-keyless journalctl --no-pager -o cat -u spsti-connector
mv kept /etc/spsti-connector/credentials/sign-key
systemctl reset-failed spsti-connector
step start as_read 1 4
step state property spsti-connector ActiveState
step status property spsti-connector StatusText
step process ps -o user:20=,cmd= -p "$(property spsti-connector MainPID)"
step limits grep -E "core file" "/proc/$(property spsti-connector MainPID)/limits"
step journal journalctl --no-pager -o cat -u spsti-connector
step live get 8480
step reload systemctl reload spsti-connector
step state-reloaded property spsti-connector ActiveState
step adapter spsti-connector adapter install --config /etc/spsti-connector/connector.toml given/*.whl
step backup nightly_backup
step backup-timer systemctl is-active spsti-connector-backup.timer
step backup-rights stat -c '%n %U %a' /var/backups/spsti-connector/data /var/backups/spsti-connector/keys /var/backups/spsti-connector/epochs
step rehearse eval '(rehearse)'
step sockets as_read 2
step status-sockets systemctl status --no-pager spsti-connector.socket spsti-connector-local.socket
step live-sockets get 8480
step instance as_read 4 1
step instance-rights stat -c '%n %U:%G %a' /etc/spsti-connector-instances/lyon /var/lib/spsti-connector-instances/lyon
step instance-init configure /etc/spsti-connector-instances/lyon spsti-lyon $(readme 4 2)
step instance-start as_read 4 3
step instance-live get 8481
step instance-process ps -o user:20=,cmd= -p "$(property spsti-connector@lyon MainPID)"
step check-running as_read 1 3
step instance-check spsti-connector check --config /etc/spsti-connector-instances/lyon/connector.toml
before=$(property spsti-connector MainPID) before_instance=$(property spsti-connector@lyon MainPID)
digests >before
step upgrade eval '(from_repository)'
step version dpkg-query -W -f '${Version}' spsti-connector
step state-upgraded property spsti-connector ActiveState
step sockets-upgraded systemctl is-active spsti-connector.socket spsti-connector-local.socket
step live-upgraded get 8480
step restarted test "$before" != "$(property spsti-connector MainPID)"
step instance-upgraded get 8481
step instance-restarted test "$before_instance" != "$(property spsti-connector@lyon MainPID)"
digests >after
step kept-upgrade diff before after
step left-over test ! -e /usr/lib/spsti-connector/of-the-older-version
step man man -w spsti-connector spsti-connector-check spsti-connector.toml spsti-connector-instance
step completion eval '(completed)'
step files dpkg -V spsti-connector
step remove dpkg -r spsti-connector
step state-removed property spsti-connector ActiveState
step instance-removed property spsti-connector@lyon ActiveState
digests >after
step kept-remove diff before after
step state-kept test -f /var/lib/spsti-connector/state.db
step reinstall dpkg -i given/new.deb
step check-stopped as_read 1 3 # by root, who must leave no file in the state that the service cannot write
step start-again systemctl start spsti-connector
step live-again get 8480
mkdir -p /srv/elsewhere && touch /srv/elsewhere/keep && rm -rf /var/lib/spsti-connector-instances && ln -s /srv/elsewhere /var/lib/spsti-connector-instances
step purge dpkg --purge spsti-connector
step gone ls -d /etc/spsti-connector /var/lib/spsti-connector /etc/spsti-connector-instances /usr/lib/spsti-connector /etc/sysusers.d/spsti-connector-lyon.conf
step links find /etc/systemd /etc/sysusers.d /etc/tmpfiles.d -name 'spsti*'
step backups-kept test -f /var/backups/spsti-connector/data
step elsewhere test -f /srv/elsewhere/keep
