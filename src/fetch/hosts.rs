//! Whom we ask: one request in flight to a host, and no host that hides behind a name.

use std::collections::HashMap;
use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::OwnedMutexGuard;
use url::Url;

/// The turns of all hosts. Clones share them, so that several sources on one host wait for each other.
#[derive(Debug, Clone, Default)]
pub struct Turns {
    hosts: Arc<Mutex<HashMap<String, Locks>>>,
}

#[derive(Debug, Clone, Default)]
struct Locks {
    request: Arc<tokio::sync::Mutex<()>>,
    robots: Arc<tokio::sync::Mutex<()>>,
}

/// The right to ask a host, until it is dropped.
pub(super) type Turn = OwnedMutexGuard<()>;

impl Turns {
    /// Waits until nobody else asks the host.
    pub(super) async fn take(&self, host: &str) -> Turn {
        self.locks(host).request.lock_owned().await
    }

    /// Waits until nobody else reads the host's robots.txt, who may spare us a request.
    pub(super) async fn robots(&self, host: &str) -> Turn {
        self.locks(host).robots.lock_owned().await
    }

    fn locks(&self, host: &str) -> Locks {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.entry(host.to_owned()).or_default().clone()
    }
}

/// The host of an address as the configuration's `hosts` write it: a name in lower case, IPv6 without its brackets.
pub(super) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    host.trim_matches(['[', ']']).to_ascii_lowercase()
}

/// Looks names up, and leaves out private addresses that the configuration does not name: a newsroom's name that leads
/// into our own network is a slip or an attack.
#[derive(Debug)]
pub(super) struct PublicOnly {
    /// The source's `hosts`.
    pub(super) named: Arc<[String]>,
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let named = self.named.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let (allowed, refused): (Vec<_>, Vec<_>) = found
                .into_iter()
                .partition(|address| is_allowed(address.ip(), &named));
            match (allowed.is_empty(), refused.first()) {
                (true, Some(refused)) => {
                    // The cause is shown to everybody, who need not know what stands where in our own network.
                    let (host, ip) = (name.as_str(), refused.ip());
                    tracing::warn!(host, %ip, "a newsroom's name leads to a private address");
                    Err(Box::<dyn Error + Send + Sync>::from(format!(
                        "{host} leads to a private address, which is refused; if that is meant, add the address, which the log has, to \
                         the source's `hosts`"
                    )))
                }
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

fn is_allowed(ip: IpAddr, named: &[String]) -> bool {
    // Who names localhost means this machine.
    let is_local = ip.is_loopback() && named.iter().any(|host| host == "localhost");
    is_public(ip) || is_local || named.contains(&ip.to_string())
}

/// Whether an address is one of the Internet at large (IANA's special-purpose registries, RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match inner_v4(ip) {
            Some(inner) => is_public_v4(inner),
            // Global unicast is 2000::/3, of which 2001:db8::/32 is for documentation.
            None => ip.segments()[0] & 0xE000 == 0x2000 && ip.segments()[..2] != [0x2001, 0xDB8],
        },
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, translated (RFC 6052) or tunnelled (6to4, RFC 3056).
fn inner_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = ip.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        [0x64, 0xFF9B, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => ip.to_ipv4_mapped(),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_documentation()
        || ip.is_multicast()
        || matches!((a, b, c), (0, ..) | (240.., ..) | (192, 0, 0))
        // Carriers' own (RFC 6598), and benchmarks (RFC 2544).
        || (a == 100 && b & 0xC0 == 64)
        || (a == 198 && b & 0xFE == 18);
    !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_are_known_in_all_their_clothes() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "198.18.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "2002:a00:1::",
            "64:ff9b::7f00:1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "8.8.8.8",
            "20.90.134.7",
            "2a00:1450:4009::1",
            "2002:808:808::1",
            "100.128.0.1",
            "172.32.0.1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        let named = |hosts: &[&str]| {
            hosts
                .iter()
                .map(|host| (*host).to_owned())
                .collect::<Vec<_>>()
        };
        let local = "127.0.0.1".parse().unwrap();
        assert!(!is_allowed(local, &named(&["news.example"])));
        assert!(is_allowed(local, &named(&["localhost"])));
        assert!(is_allowed(
            "10.0.0.7".parse().unwrap(),
            &named(&["news.intern", "10.0.0.7"])
        ));
    }

    #[tokio::test]
    async fn a_name_that_leads_into_our_own_network_is_refused() {
        let only = |named: &str| PublicOnly {
            named: vec![named.to_owned()].into(),
        };
        let refused = only("news.example")
            .resolve("localhost".parse().unwrap())
            .await;
        let told = refused
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default();
        assert!(told.contains("leads to a private address"), "{told}");
        assert!(
            !told.contains("127.0.0.1") && !told.contains("::1"),
            "{told}"
        );
        assert!(
            only("localhost")
                .resolve("localhost".parse().unwrap())
                .await
                .is_ok()
        );
    }
}
