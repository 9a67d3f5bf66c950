#!/bin/bash
# Runs inside a booted, clean Debian: the life of the package from first installation to purge. Each step leaves its
# output and status under /root/results; the test outside reads them. Nothing here decides what is right.
cd /root
mkdir -p results
step() {
    name=$1
    shift
    "$@" >"results/$name.out" 2>&1
    echo $? >"results/$name.rc"
}
property() { systemctl show "$1" --property="$2" --value; }
get() { python3 -c "import sys, urllib.request; print(urllib.request.urlopen('http://127.0.0.1:8480' + sys.argv[1]).read().decode())" "$1"; }
digests() { find /var/lib/spsti-connector/adapters /etc/spsti-connector -type f -exec sha256sum {} + | sort -k2; }
configure() {
    spsti-connector init --system --trial --member-id 318751275100020 --name "SPSTI Exemple" --environment test \
        --endpoint https://127.0.0.1:8443 --opposition register --decided-by "Dr Exemple" \
        --trusted-ca ca/ca.pem --crl ca/root.crl --crl ca/issuing.crl || return
    install -d -g spsti-connector -m 750 /etc/spsti-connector/ca
    install -m 640 -g spsti-connector given/ca.pem given/root.crl given/issuing.crl /etc/spsti-connector/ca/
    for use in server client; do
        install -m 640 -g spsti-connector given/$use.pem /etc/spsti-connector/tls/$use.pem
        install -m 600 given/$use.key /etc/spsti-connector/credentials/$use-key
    done
    sed -i 's#"[^"]*ca/\([a-z]*\)\.#"/etc/spsti-connector/ca/\1.#g' /etc/spsti-connector/connector.toml
}
with_sockets() {
    systemctl stop spsti-connector
    systemctl start spsti-connector.socket spsti-connector-local.socket && systemctl start spsti-connector
}
nightly_backup() {
    for use in backup backup-keys; do
        openssl genpkey -algorithm x25519 -out "$use.key" || return
        openssl pkey -in "$use.key" -pubout -out "/etc/spsti-connector/$use.pub" || return
        chmod 644 "/etc/spsti-connector/$use.pub"
    done
    systemctl start spsti-connector-backup && systemctl start spsti-connector-backup # the second takes its place
}
rehearse() {
    cd /var/backups/spsti-connector && spsti-connector restore data --keys keys --epochs epochs --rehearse \
        --identity /root/backup.key --keys-identity /root/backup-keys.key
}
make_instance() {
    spsti-connector-instance create lyon && id spsti-lyon &&
        stat -c '%n %U:%G %a' /etc/spsti-connector-instances/lyon /var/lib/spsti-connector-instances/lyon \
            /etc/spsti-connector-instances/lyon/credentials
}

step repository apt-get -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/root/given/sources update
step install-old dpkg -i given/old.deb
step enabled systemctl is-enabled spsti-connector
step start-empty systemctl start spsti-connector
step state-empty property spsti-connector ActiveState
step rights stat -c '%n %U:%G %a' /etc/spsti-connector /etc/spsti-connector/credentials /var/lib/spsti-connector
step init configure
step check spsti-connector check --offline --config /etc/spsti-connector/connector.toml
mv /etc/spsti-connector/credentials/sign-key kept
step start-keyless systemctl start spsti-connector
step state-keyless property spsti-connector ActiveState
step journal-keyless journalctl --no-pager -o cat -u spsti-connector
mv kept /etc/spsti-connector/credentials/sign-key
systemctl reset-failed spsti-connector
step start systemctl start spsti-connector
step state property spsti-connector ActiveState
step status property spsti-connector StatusText
step process ps -o user:20=,cmd= -p "$(property spsti-connector MainPID)"
step limits grep -E "core file" "/proc/$(property spsti-connector MainPID)/limits"
step journal journalctl --no-pager -o cat -u spsti-connector
step live get /health/live
step reload systemctl reload spsti-connector
step state-reloaded property spsti-connector ActiveState
step adapter spsti-connector adapter install --config /etc/spsti-connector/connector.toml given/*.whl
step backup nightly_backup
step backup-timer systemctl start spsti-connector-backup.timer
step backup-rights stat -c '%n %U %a' /var/backups/spsti-connector/data /var/backups/spsti-connector/keys /var/backups/spsti-connector/epochs
step rehearse eval '(rehearse)'
step sockets with_sockets
step status-sockets systemctl status --no-pager spsti-connector.socket spsti-connector-local.socket
step live-sockets get /health/live
before=$(property spsti-connector MainPID)
digests >before
step upgrade apt-get -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=/root/given/sources install -y spsti-connector
step version dpkg-query -W -f '${Version}' spsti-connector
step state-upgraded property spsti-connector ActiveState
step sockets-upgraded systemctl is-active spsti-connector.socket spsti-connector-local.socket
step live-upgraded get /health/live
step restarted test "$before" != "$(property spsti-connector MainPID)"
digests >after
step kept-upgrade diff before after
step left-over test ! -e /usr/lib/spsti-connector/of-the-older-version
step instance make_instance
step man man -w spsti-connector spsti-connector-check spsti-connector.toml spsti-connector-instance
step files dpkg -V spsti-connector
step remove dpkg -r spsti-connector
step state-removed property spsti-connector ActiveState
digests >after
step kept-remove diff before after
step state-kept test -f /var/lib/spsti-connector/state.db
step reinstall dpkg -i given/new.deb
step start-again systemctl start spsti-connector
step live-again get /health/live
mkdir -p /srv/elsewhere && touch /srv/elsewhere/keep && rm -rf /var/lib/spsti-connector-instances && ln -s /srv/elsewhere /var/lib/spsti-connector-instances
step purge dpkg --purge spsti-connector
step gone ls -d /etc/spsti-connector /var/lib/spsti-connector /etc/spsti-connector-instances /usr/lib/spsti-connector /etc/sysusers.d/spsti-connector-lyon.conf
step elsewhere test -f /srv/elsewhere/keep
