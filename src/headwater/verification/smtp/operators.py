"""Who runs a mail host, by its name, and what is known of their habits.

Sources: the operators' published MX names. Yahoo and AOL accept or refuse without regard to the mailbox, so an answer
says nothing. Google answers truthfully. Microsoft 365 does where directory-based edge blocking is on, and accepts
everything elsewhere, which the question for a made-up name finds out. Gateways answer for what they were told.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple


class Operator(NamedTuple):
    """``hides``: its answers say nothing about a mailbox, so it is not asked."""

    name: str
    hides: bool = False


_SUFFIXES: dict[str, Operator] = {
    suffix: operator
    for operator, suffixes in (
        (Operator("google"), "google.com googlemail.com smtp.goog"),
        (Operator("microsoft365"), "mail.protection.outlook.com mx.microsoft mail.eo.outlook.com"),
        (Operator("outlook.com"), "olc.protection.outlook.com hotmail.com"),
        (Operator("yahoo", hides=True), "yahoodns.net"),
        (Operator("icloud"), "mail.icloud.com"),
        (Operator("proofpoint"), "pphosted.com ppe-hosted.com gpphosted.com"),
        (Operator("mimecast"), "mimecast.com mimecast.co.za mimecast-offshore.com"),
        (Operator("barracuda"), "barracudanetworks.com"),
        (Operator("cisco"), "iphmx.com"),
        (Operator("broadcom"), "messagelabs.com"),
        (Operator("sophos"), "hydra.sophos.com prod.hydra.sophos.com reflexion.net"),
        (Operator("trendmicro"), "trendmicro.com trendmicro.eu"),
        (Operator("hornetsecurity"), "hornetsecurity.com antispameurope.com"),
        (Operator("spamexperts"), "antispamcloud.com spamexperts.com spamexperts.eu"),
        (Operator("cloudflare"), "mx.cloudflare.net"),
        (Operator("amazon"), "amazonaws.com awsapps.com"),
        (Operator("zoho"), "zoho.com zoho.eu zoho.in zohomail.com"),
        (Operator("fastmail"), "messagingengine.com"),
        (Operator("proton"), "protonmail.ch"),
        (Operator("tuta"), "tutanota.de"),
        (Operator("yandex"), "yandex.ru yandex.net"),
        (Operator("mail.ru"), "mail.ru"),
        (Operator("tencent"), "qq.com"),
        (Operator("netease"), "netease.com 163.com qiye163.com"),
        (Operator("alibaba"), "mxhichina.com aliyun.com"),
        (Operator("ionos"), "kundenserver.de ionos.com ionos.de ionos.co.uk ionos.fr ionos.es 1and1.com"),
        (Operator("gmx"), "gmx.net web.de"),
        (Operator("strato"), "rzone.de"),
        (Operator("hetzner"), "your-server.de"),
        (Operator("ovh"), "ovh.net"),
        (Operator("gandi"), "gandi.net"),
        (Operator("infomaniak"), "infomaniak.ch"),
        (Operator("godaddy"), "secureserver.net"),
        (Operator("rackspace"), "emailsrvr.com"),
        (Operator("namecheap"), "privateemail.com registrar-servers.com"),
        (Operator("hostinger"), "hostinger.com titan.email"),
        (Operator("migadu"), "migadu.com"),
        (Operator("mailgun"), "mailgun.org"),
        (Operator("sendgrid"), "sendgrid.net"),
        (Operator("forwardemail"), "forwardemail.net"),
        (Operator("improvmx"), "improvmx.com"),
        (Operator("seznam"), "seznam.cz"),
        (Operator("comcast"), "comcast.net"),
        (Operator("orange"), "orange.fr"),
    )
    for suffix in suffixes.split()
}


@lru_cache(maxsize=50_000)
def operator_of(host: str) -> Operator | None:
    """Who runs a mail host; None where its name does not tell."""
    labels = host.lower().rstrip(".").split(".")
    names = (".".join(labels[start:]) for start in range(len(labels)))
    return next((_SUFFIXES[name] for name in names if name in _SUFFIXES), None)


def operator_of_route(hosts: Iterable[str]) -> Operator | None:
    """Who runs the most preferred host: that is where mail goes."""
    first = next(iter(hosts), None)
    return operator_of(first) if first else None
