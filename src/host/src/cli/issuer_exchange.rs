//! The options of `asserta issuer` about token exchange (RFC 8693): whose tokens may be exchanged, and for whom.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::failure::Failure;

const MEMBER: &str = "token_exchange";

#[derive(Args)]
#[command(next_help_heading = "Token exchange")]
pub(super) struct Exchange {
    /// Whether its tokens may be exchanged: those that are meant for the application, by their `aud` or by what the
    /// options below say. `false` forgets these.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    token_exchange: Option<bool>,
    /// Whether `may_act` of a token may name the application or the actor.
    #[arg(long, value_name = "BOOL")]
    allow_may_act: Option<bool>,
    /// The claim that names who got a token, such as azp, by its name or a JSON Pointer. It needs --allowed-actor.
    #[arg(long, value_name = "CLAIM")]
    actor_claim: Option<String>,
    /// A value of that claim whose tokens may be exchanged; repeatable.
    #[arg(long = "allowed-actor", value_name = "NAME")]
    allowed_actors: Option<Vec<String>>,
    /// Whether a token can be exchanged again [default: allow].
    #[arg(long, value_name = "MODE")]
    exchange_replay: Option<ExchangeReplay>,
}

#[derive(Clone, Copy, ValueEnum)]
enum ExchangeReplay {
    Once,
    Allow,
}

impl Exchange {
    pub(super) fn write(self, issuer: &mut Map<String, Value>) -> Result<(), Failure> {
        let replay = self.exchange_replay.map(|mode| match mode {
            ExchangeReplay::Once => "once".into(),
            ExchangeReplay::Allow => "allow".into(),
        });
        let given = [
            ("allow_may_act", self.allow_may_act.map(Value::from)),
            ("actor_claim", self.actor_claim.map(Value::from)),
            ("allowed_actors", self.allowed_actors.map(Value::from)),
            ("replay", replay),
        ];
        let says_more = given.iter().any(|(_, value)| value.is_some());
        match self.token_exchange {
            Some(false) if says_more => {
                return Err(Failure::invalid(
                    "--token-exchange",
                    "is false, and the other options are for true",
                ));
            }
            Some(false) => {
                issuer.remove(MEMBER);
                return Ok(());
            }
            None if !says_more => return Ok(()),
            _ => {}
        }
        let exchange = issuer.entry(MEMBER).or_insert_with(|| json!({}));
        for (member, value) in given {
            if let Some(value) = value {
                exchange[member] = value;
            }
        }
        Ok(())
    }
}
