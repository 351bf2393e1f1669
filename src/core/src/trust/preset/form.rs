//! What a parameter may look like. None can hold a star or a control character: a value never becomes a pattern, and
//! stays within the place that it is put into.

use alloc::format;
use alloc::string::String;

use crate::trust::spiffe_id::TrustDomain;

/// The longest parameter, in bytes.
const MAX_VALUE: usize = 512;

/// The form of a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// `octo-org`: letters, digits, `.`, `_` and `-`.
    Name,
    /// So many names or more, with `/` between.
    Names(usize),
    /// `octo-org/app`, or `octo-org@1/app@7` with the ids, as GitHub's `sub` has them since July 2026.
    Repository,
    /// Digits, so many; of any number where it is 0.
    Digits(usize),
    /// A UUID in lower case.
    Uuid,
    /// A name that begins so: `org-`.
    Id(&'static str),
    /// One of these.
    Word(&'static [&'static str]),
    /// `refs/heads/main`.
    FullRef,
    /// A branch or tag, without `refs/`.
    ShortRef,
    /// `octo-org/app/.github/workflows/deploy.yml@refs/heads/main`.
    Workflow,
    /// `arn:aws:iam::123456789012:role/deploy`.
    Arn,
    /// An address of mail.
    Email,
    /// A domain name in lower case.
    Domain,
    /// An `https` URL without credentials, query and fragment.
    Issuer,
    /// The name of a SPIFFE trust domain (SPIFFE-ID section 2.1).
    TrustDomain,
    /// The path of a SPIFFE ID (SPIFFE-ID section 2.2).
    SpiffePath,
    /// Any text on one line.
    Text,
}

impl Form {
    /// Checks a value.
    ///
    /// # Errors
    /// What it must be, as the second half of a sentence.
    pub(super) fn check(self, value: &str) -> Result<(), String> {
        if value.is_empty() {
            return Err("must not be empty".into());
        }
        if value.len() > MAX_VALUE {
            return Err(format!("must not exceed {MAX_VALUE} bytes"));
        }
        if value.contains('*') {
            return Err(
                "must be an exact value: a preset takes no patterns, a rule of the issuer does".into()
            );
        }
        if value.chars().any(|character| character.is_control() || is_invisible(character)) {
            return Err("must not contain control characters or invisible ones".into());
        }
        if value.trim() != value {
            return Err("must not begin or end with a space".into());
        }
        if self.fits(value) { Ok(()) } else { Err(format!("must be {}", self.wanted())) }
    }

    fn fits(self, value: &str) -> bool {
        let one_word = !value.contains(char::is_whitespace);
        match self {
            Self::Name => is_name(value),
            Self::Names(least) => value.split('/').count() >= least && value.split('/').all(is_name),
            Self::Repository => repository(value).is_some(),
            Self::Digits(number) => is_digits(value) && (number == 0 || value.len() == number),
            Self::Uuid => is_uuid(value),
            Self::Id(prefix) => value.strip_prefix(prefix).is_some_and(is_name),
            Self::Word(words) => words.contains(&value),
            Self::FullRef => {
                one_word
                    && value
                        .strip_prefix("refs/")
                        .is_some_and(|rest| rest.split('/').count() > 1 && has_no_gap(rest))
            }
            Self::ShortRef => one_word && !value.starts_with("refs/") && has_no_gap(value),
            Self::Workflow => value.split_once('@').is_some_and(|(file, reference)| {
                one_word && file.contains("/.github/workflows/") && has_no_gap(file) && has_no_gap(reference)
            }),
            Self::Arn => {
                one_word
                    && value.starts_with("arn:")
                    && value.splitn(6, ':').skip(5).any(|rest| !rest.is_empty())
            }
            Self::Email => value
                .split_once('@')
                .is_some_and(|(name, domain)| one_word && !name.is_empty() && is_domain(domain)),
            Self::Domain => is_domain(value),
            Self::Issuer => is_issuer(value),
            Self::TrustDomain => TrustDomain::parse(value).is_ok(),
            Self::SpiffePath => value.strip_prefix('/').is_some_and(|path| path.split('/').all(is_name)),
            Self::Text => true,
        }
    }

    fn wanted(self) -> String {
        match self {
            Self::Name => "a name of letters, digits, . _ and -".into(),
            Self::Names(2..) => "names with / between them, of letters, digits, . _ and -".into(),
            Self::Names(_) => "a name, or names with / between them, of letters, digits, . _ and -".into(),
            Self::Repository => "OWNER/REPO, or OWNER@ID/REPO@ID".into(),
            Self::Digits(0) => "digits".into(),
            Self::Digits(number) => format!("{number} digits"),
            Self::Uuid => "a UUID in lower case".into(),
            Self::Id(prefix) => format!("an id that begins with {prefix}"),
            Self::Word(words) => words.join(" or "),
            Self::FullRef => "a whole ref, such as refs/heads/main".into(),
            Self::ShortRef => "the name of a branch or tag without refs/, such as main".into(),
            Self::Workflow => "OWNER/REPO/.github/workflows/FILE@REF".into(),
            Self::Arn => "an ARN".into(),
            Self::Email => "an address of mail".into(),
            Self::Domain => "a domain name in lower case, without https://".into(),
            Self::Issuer => "an https URL without credentials, query and fragment".into(),
            Self::TrustDomain => "the name of a trust domain: a-z, 0-9 and . _ -, without spiffe://".into(),
            Self::SpiffePath => "the path of a SPIFFE ID, such as /ns/prod/sa/api".into(),
            Self::Text => "text".into(),
        }
    }
}

/// The parts of `octo-org/app`, or of `octo-org@1/app@7`.
pub(super) struct Repository<'a> {
    pub(super) owner: &'a str,
    pub(super) name: &'a str,
    /// Of the owner, and of the repository.
    pub(super) ids: Option<(&'a str, &'a str)>,
}

pub(super) fn repository(text: &str) -> Option<Repository<'_>> {
    let (owner, name) = text.split_once('/')?;
    let (owner, name, ids) = match (owner.split_once('@'), name.split_once('@')) {
        (None, None) => (owner, name, None),
        (Some((owner, owner_id)), Some((name, id))) if is_digits(owner_id) && is_digits(id) => {
            (owner, name, Some((owner_id, id)))
        }
        _ => return None,
    };
    (is_name(owner) && is_name(name)).then_some(Repository { owner, name, ids })
}

fn is_name(text: &str) -> bool {
    let counts = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && !matches!(text, "." | "..") && text.bytes().all(counts)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_uuid(text: &str) -> bool {
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let lengths = [8, 4, 4, 4, 12];
    text.split('-').count() == lengths.len()
        && text.split('-').zip(lengths).all(|(part, length)| part.len() == length && part.bytes().all(is_hex))
}

fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let counts = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(counts)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(is_label)
}

/// What the registration itself looks at more closely (R50, R54).
fn is_issuer(text: &str) -> bool {
    let counts = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/%[]".contains(&byte);
    let rest = text.strip_prefix("https://");
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']) && rest.bytes().all(counts))
}

/// Nothing begins or ends with `/`, and no two of them follow each other.
fn has_no_gap(text: &str) -> bool {
    text.split('/').all(|part| !part.is_empty())
}

/// Characters that show nothing, or turn the writing round: two values that look the same would differ.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
