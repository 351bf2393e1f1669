//! What an issuer grants without a client (R29): under which labels, and whether it does.

use super::document::TrustedIssuer;
use super::rule::{IssuerRule, RuleClient};

impl TrustedIssuer {
    /// The labels of its rules without a client, each with the number of its rule. A disabled issuer keeps them.
    pub fn labels(&self) -> impl Iterator<Item = (usize, &str)> {
        let rules = self.rules.iter().flatten().enumerate();
        rules.filter_map(|(index, rule)| Some((index, rule.label()?)))
    }

    /// Whether one of its rules has this label.
    #[must_use]
    pub fn has_label(&self, label: &str) -> bool {
        self.labels().any(|(_, known)| known == label)
    }

    /// Whether an assertion of it can be exchanged without a client. Rules that are only watched and disabled issuers
    /// don't count.
    #[must_use]
    pub fn grants_without_client(&self) -> bool {
        let decides = |rule: &IssuerRule| rule.client == RuleClient::None && rule.decides();
        self.enabled && self.rules.iter().flatten().any(decides)
    }
}
