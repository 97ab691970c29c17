"""What people and programs call the columns of a contact list.

Spelled squeezed: folded, without blanks, signs and digits (``E-mail 2 - Value`` is ``emailvalue``). Within a meaning
the best header stands first: of several filled columns with one value per person the earlier one counts.
Sources: the exports of LinkedIn, Sales Navigator (and its scrapers), Apollo, HubSpot, Salesforce, Google Contacts and
Outlook, and hand-made lists.
"""

import re
from functools import lru_cache

from headwater.normalize import fold
from headwater.records import Column

_SYNONYMS: dict[Column, str] = {
    Column.FIRST_NAME: """
        firstname givenname forename fname first given contactfirstname personfirstname vorname prenom
        nombre nome leadfirstname
    """,
    Column.MIDDLE_NAME: "middlename additionalname middleinitial secondname middle middlenames mi",
    Column.LAST_NAME: """
        lastname familyname surname lname last family contactlastname personlastname nachname nomdefamille
        apellido apellidos cognome achternaam leadlastname secondlastname
    """,
    Column.SUFFIX: "suffix namesuffix generation suffixname",
    Column.NICKNAME: "nickname nick preferredname knownas goesby preferredfirstname",
    Column.FULL_NAME: """
        fullname name contactname displayname person personname contact fullnames contactfullname
        nameofcontact leadname attendee attendeename member membername kontakt ansprechpartner
        nombrecompleto nomcomplet nomecompleto
    """,
    Column.EMAIL: """
        email emailaddress workemail businessemail emailvalue mail primaryemail companyemail
        professionalemail contactemail personemail emails workemailaddress businessemailaddress
        emailaddresses correo correoelectronico courriel emailadresse mailadresse secondaryemail
        tertiaryemail otheremail personalemail homeemail emailwork emailpersonal emailhome emailother
        alternateemail additionalemail emailid useremail
    """,
    Column.PHONE: """
        phone phonenumber mobile mobilephone cell cellphone workdirectphone directphone directdial workphone
        businessphone phonevalue telephone tel telephonenumber mobilenumber phoneno primaryphone telefon
        telefono telefone handy homephone otherphone workmobile contactphone phonework phonemobile phonehome
        officephone personphone phonenumbers whatsapp mobilephonenumber carphone secondaryphone
        whatsappphonenumber directnumber
    """,
    Column.TITLE: """
        jobtitle title position role jobposition currenttitle currentposition occupation organizationtitle
        headline titlerole function jobfunctiontitle personaltitle designation beruf berufsbezeichnung poste
        cargo puesto functie ruolo persontitle contacttitle
    """,
    Column.COMPANY: """
        company companyname organization organisation employer organizationname organisationname account
        accountname currentcompany associatedcompany business businessname firm firma companyaccount
        unternehmen entreprise societe empresa azienda bedrijf currentemployer workplace
        primaryassociatedcompany companyorganization agency institution orgname org
    """,
    Column.DOMAIN: """
        domain companydomain website companywebsite domainname companydomainname companyurl websiteurl
        webpage web url homepage companyhomepage emaildomain webaddress site websitevalue
        regularcompanywebsite companyweb organizationwebsite organizationdomain accountwebsite
        companywebsiteurl
    """,
    Column.LINKEDIN: """
        linkedin linkedinurl personlinkedinurl linkedinprofileurl linkedinprofile profileurl personlinkedin
        contactlinkedin contactlinkedinurl linkedinprofileurls defaultprofileurl linkedinlink
        linkedincontactprofileurl personlinkedinprofile lipublicprofileurl publicprofileurl li
        linkedinpublicurl linkedincom
    """,
    Column.COUNTRY: """
        country countryregion personcountry businesscountryregion businesscountry addresscountry
        mailingcountry countrycode contactcountry homecountryregion homecountry land pays pais paese
        countryname mailingcountrycode homecountrycode billingcountry nation
    """,
    Column.STATE: """
        state stateregion province stateprovince region businessstate addressregion mailingstate
        mailingstateprovince personstate statecode homestate usstate bundesland
    """,
    Column.CITY: """
        city town businesscity addresscity mailingcity personcity homecity locality ort stadt ville ciudad
        citta contactcity
    """,
    Column.ADDRESS: """
        address streetaddress street businessstreet addressstreet mailingstreet mailingaddress homestreet
        addressformatted postaladdress strasse adresse businessaddress personaladdress
    """,
}  # fmt: skip

_RANKED = {
    word: (column, rank)
    for column, words in _SYNONYMS.items()
    for rank, word in reversed(list(enumerate(words.split())))
}
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DIGITS = re.compile(r"\d+")
_REMARK = re.compile(r"\([^)]*\)|\[[^\]]*\]|\*")


def meaning_of(header: str) -> tuple[Column, int] | None:
    """The meaning of a header by its name, and its rank among the names of that meaning (0 is the best)."""
    return _lookup(header) if len(header) <= 100 else None


@lru_cache(4096)
def _lookup(header: str) -> tuple[Column, int] | None:
    words = squeeze_header(header)
    return _RANKED.get(words) or _RANKED.get(squeeze_header(_REMARK.sub(" ", header)))


@lru_cache(4096)
def squeeze_header(header: str) -> str:
    """A header without case, accents, blanks, signs and digits."""
    return _DIGITS.sub("", fold(_CAMEL.sub(" ", header))).replace(" ", "")
