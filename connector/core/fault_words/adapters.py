"""Of adapters: whether they can be had, and their options. A vendor's own remark stands in its own words, as such."""

from typing import Final

from connector.core.fault_words.form import Sentences

_EN: Final = '{half} adapter "{name}" '
_FR: Final = "{half:term} « {name} » : "
_VENDOR_EN: Final = "give this message to the vendor"
_VENDOR_FR: Final = "donnez ce message à l'éditeur"

ADAPTERS: Final[Sentences] = {
    "adapter.absent": {
        "en": (_EN + "is not installed; installed: {installed:term}", ""),
        "fr": (_FR + "pas installé ; installés : {installed:term}", "spsti-connector adapter install FICHIER"),
    },
    "adapter.absent-near": {
        "en": (_EN + 'is not installed; did you mean "{nearest}"?', ""),
        "fr": (_FR + "pas installé ; vouliez-vous dire « {nearest} » ?", ""),
    },
    "adapter.several": {
        "en": (_EN + "is offered by several distributions ({owners}): remove all but one", ""),
        "fr": (_FR + "offert par plusieurs paquets ({owners}) : n'en gardez qu'un", ""),
    },
    "adapter.import": {
        "en": (_EN + "could not be imported ({error}) from {origin}", _VENDOR_EN),
        "fr": (_FR + "ne s'importe pas ({error}) depuis {origin}", _VENDOR_FR),
    },
    "adapter.class": {
        "en": (_EN + "{origin} is no subclass of connector.contract.{wanted}", _VENDOR_EN),
        "fr": (_FR + "{origin} n'est pas une sous-classe de connector.contract.{wanted}", _VENDOR_FR),
    },
    "adapter.version": {
        "en": (_EN + "was written for contract version {got:term}, this connector speaks {supported}", _VENDOR_EN),
        "fr": (_FR + "écrit pour le contrat version {got:term}, ce connecteur parle {supported}", _VENDOR_FR),
    },
    "adapter.options-class": {
        "en": (_EN + "declares Options that are no subclass of connector.contract.AdapterOptions", _VENDOR_EN),
        "fr": (_FR + "ses Options ne sont pas une sous-classe de connector.contract.AdapterOptions", _VENDOR_FR),
    },
    "adapter.made": {
        "en": (_EN + "could not be made ({error} in its constructor)", _VENDOR_EN),
        "fr": (_FR + "ne se construit pas ({error} dans son constructeur)", _VENDOR_FR),
    },
    "adapter.process": {
        "en": (_EN + "could not be made: {text}", "{hint}"),
        "fr": (
            _FR + "son processus n'a pas démarré ({cause:term})",
            "il est relancé de lui-même ; si cela dure, donnez à l'éditeur le journal propre à l'adaptateur",
        ),
    },
    "adapter.speechless": {
        "en": (_EN + "could not be loaded: its process ended without a word", "give it to the vendor"),
        "fr": (_FR + "ne se charge pas : son processus s'est terminé sans rien dire", _VENDOR_FR),
    },
    "adapter.changed": {
        "en": ("{folder}: is not what was installed of {what}", "install the wheel again, or remove it"),
        "fr": ("{folder} : n'est pas ce qui a été installé de {what}", "réinstallez le paquet wheel, ou retirez-le"),
    },
    "adapter.manifest": {
        "en": ("{path}: cannot be read, or was written by another version", "install the adapters again"),
        "fr": ("{path} : illisible, ou écrit par une autre version", "réinstallez les adaptateurs"),
    },
    "adapter.elsewhere": {
        "en": ("an adapter of that name is in {places} already", "remove that one first: pip uninstall"),
        "fr": ("un adaptateur de ce nom est déjà dans {places}", "retirez-le d'abord : pip uninstall"),
    },
    "adapter.import-ended": {
        "en": ("the adapter ended the process that imported it ({error})", ""),
        "fr": ("l'adaptateur a mis fin au processus qui l'importait ({error})", _VENDOR_FR),
    },
    "option.unknown": {
        "en": ("unknown key", "known here: {known:term}"),
        "fr": ("clé inconnue", "clés connues ici : {known:term}"),
    },
    "option.unknown-near": {
        "en": ("unknown key", 'did you mean "{nearest}"?'),
        "fr": ("clé inconnue", "vouliez-vous dire « {nearest} » ?"),
    },
    "option.missing": {
        "en": ("missing, and it has no default", "add it"),
        "fr": ("manque, et n'a pas de valeur par défaut", "ajoutez-la"),
    },
    "option.hidden": {
        "en": ("refused by the adapter", "see the adapter's guide"),
        "fr": ("refusée par l'adaptateur", "voyez le guide de l'adaptateur"),
    },
    "option.vendor": {
        "en": ("{text}", "see the adapter's guide"),
        "fr": ("refusée ; l'adaptateur dit : « {text} »", "voyez le guide de l'adaptateur"),
    },
    "option.form": {
        "en": ("{text}", "see the adapter's guide"),
        "fr": ("n'a pas la forme que l'adaptateur attend ({type})", "voyez le guide de l'adaptateur"),
    },
}
