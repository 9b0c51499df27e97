//! A Kubewarden policy: a pod has at most so many containers, and none of them is privileged or takes whatever image is
//! the latest. Nothing here is AVA's: it is built with Kubewarden's SDK and waPC's guest library, as any such policy is.
use kubewarden_policy_sdk::logging::KubewardenDrain;
use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::settings::Validatable;
use kubewarden_policy_sdk::{accept_request, protocol_version_guest, reject_request, validate_settings};
use serde::{Deserialize, Serialize};
use slog::{info, o, Logger};
use wapc_guest::{register_function, CallResult};

#[derive(Deserialize, Serialize, Debug)]
#[serde(default)]
struct Settings {
    max_containers: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { max_containers: 8 }
    }
}

impl Validatable for Settings {
    fn validate(&self) -> Result<(), String> {
        if self.max_containers == 0 {
            return Err("max_containers is at least 1".to_owned());
        }
        Ok(())
    }
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Pod {
    kind: String,
    spec: Spec,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    containers: Vec<Container>,
    init_containers: Vec<Container>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Container {
    name: String,
    image: String,
    security_context: SecurityContext,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SecurityContext {
    privileged: bool,
}

#[no_mangle]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings::<Settings>);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let request: ValidationRequest<Settings> = ValidationRequest::new(payload)?;
    let pod: Pod = serde_json::from_value(request.request.object)?;
    if pod.kind != "Pod" {
        return accept_request();
    }
    match problem(&pod.spec, &request.settings) {
        Some(message) => {
            let log = Logger::root(KubewardenDrain::new(), o!("policy" => "pod-limits"));
            info!(log, "rejected"; "namespace" => &request.request.namespace, "name" => &request.request.name);
            reject_request(Some(message), None, None, None)
        }
        None => accept_request(),
    }
}

fn problem(spec: &Spec, settings: &Settings) -> Option<String> {
    let count = spec.containers.len() + spec.init_containers.len();
    if count > settings.max_containers {
        return Some(format!("{count} containers, at most {} are allowed", settings.max_containers));
    }
    let privileged = |container: &&Container| container.security_context.privileged;
    let latest = |container: &&Container| container.image.ends_with(":latest") || !container.image.contains(':');
    let containers = || spec.containers.iter().chain(&spec.init_containers);
    if let Some(container) = containers().find(privileged) {
        return Some(format!("container {} is privileged", container.name));
    }
    containers().find(latest).map(|container| format!("container {} takes the latest image", container.name))
}
