#include "server/services.h"

#include "api/allow_all.h"
#include "api/cloudtrail/cloudtrail_service.h"
#include "api/cloudwatch/cloudwatch_service.h"
#include "api/ecr/ecr_service.h"
#include "api/iam/iam_service.h"
#include "api/kms/key_access.h"
#include "api/kms/key_controller.h"
#include "api/kms/kms_service.h"
#include "api/kms/stored_key_use.h"
#include "api/logs/logs_service.h"
#include "api/pricing/pricing_service.h"
#include "api/s3/encryption.h"
#include "api/s3/notifications.h"
#include "api/s3/s3.h"
#include "api/sagemaker/environment_images.h"
#include "api/sagemaker/object_look.h"
#include "api/sagemaker/quotas.h"
#include "api/sagemaker/role_sessions.h"
#include "api/sagemaker/service.h"
#include "api/sagemaker/workloads.h"
#include "api/sagemaker_metrics/metrics_service.h"
#include "api/sts/sts_service.h"
#include "audit/event_index.h"
#include "audit/trail.h"
#include "base/log.h"
#include "engine/endpoint_routes.h"
#include "engine/local_backend.h"
#include "engine/runs.h"
#include "engine/slurm_backend.h"
#include "engine/split_backend.h"
#include "identity/console_sessions.h"
#include "identity/credentials.h"
#include "identity/policies.h"
#include "identity/policy_authorizer.h"
#include "identity/principal_policies.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "keys/key_table.h"
#include "keys/keyring_sealer.h"
#include "objects/lifecycle_sweep.h"
#include "objects/object_store.h"
#include "objects/scrub.h"
#include "server/authenticator.h"
#include "server/capacity_metrics.h"
#include "server/capture_sinks.h"
#include "server/compute.h"
#include "server/console_face.h"
#include "server/container_images.h"
#include "server/cors.h"
#include "server/event_sender.h"
#include "server/gateway.h"
#include "server/image_commands.h"
#include "server/invocation_metrics.h"
#include "server/invocations.h"
#include "server/job_commands.h"
#include "server/notebook_face.h"
#include "server/owner_commands.h"
#include "server/quota_commands.h"
#include "server/registry_face.h"
#include "server/request_metrics.h"
#include "server/run_sinks.h"
#include "server/sagemaker_controllers.h"
#include "server/service_registry.h"
#include "server/volume_keys.h"
#include "store/database.h"
#include "store/documents.h"
#include "store/log_events.h"
#include "store/metric_points.h"

namespace clary::server {
namespace {

constexpr std::chrono::seconds kMetricsInterval{5};

std::set<std::string> names_of(const std::map<std::string, std::string>& targets) {
  std::set<std::string> names;
  for (const auto& [arn, url] : targets) names.insert(arn);
  return names;
}

std::size_t worker_threads(const Settings& settings) {
  if (settings.worker_threads > 0) return settings.worker_threads;
  return std::size_t{4} * std::max(1U, std::thread::hardware_concurrency());
}

api::s3::NewBuckets new_buckets(const Settings& settings) {
  return {.ownership = api::s3::object_ownership(settings.s3_default_object_ownership)
                           .value_or(api::s3::ObjectOwnership::kBucketOwnerEnforced),
          .block_public_access = settings.s3_default_block_public_access};
}

}  // namespace

struct Services::Impl {
  const Settings settings;
  const Clock& clock;

  // Before any thread: it takes the root key out of the environment.
  keys::KeyringSealer sealer{keys::open_keyring(
      settings.data_dir,
      keys::root_key_source(settings.data_dir, settings.root_key_file, settings.root_key_command))};

  wire::Models models;
  store::Database database;
  store::Documents documents{database, clock};
  store::LogEvents logs{database, clock};
  store::MetricPoints metric_points{database, clock};
  identity::Credentials credentials{database, clock, sealer};
  identity::Roles roles{database, clock};
  identity::Users users{database, clock};
  identity::Groups groups{database, clock};
  identity::Policies policies{database, clock};
  identity::InstanceProfiles profiles{database, clock};
  identity::OidcProviders providers{database, clock};
  identity::Accounts accounts{database, clock};
  identity::Logins logins{database, users, accounts, clock};
  identity::ConsoleSessions console_sessions{database, clock, users, logins, credentials};
  keys::KeyTable kms_keys{database, clock, sealer};
  objects::ObjectStore objects;
  objects::LifecycleSweep lifecycle;

  registry::Store image_registry{database, settings.data_dir / "registry", sealer, clock};
  ImageMap image_map{database};
  ContainerImages container_images{settings.container_socket, image_map, image_registry, clock};
  engine::LocalBackend backend;
  std::unique_ptr<engine::SlurmBackend> slurm;  // set: jobs run there
  std::unique_ptr<engine::SplitBackend> split;
  engine::Runs runs;
  api::sagemaker::Quotas quotas{database};
  engine::EndpointRoutes routes;
  engine::NotebookRoutes notebook_routes;
  NotebookSessions notebook_sessions{notebook_routes, sealer, clock};
  engine::NotebookVolumes notebook_volumes{settings.data_dir / "notebooks"};
  api::sagemaker::EngineNotebookStorage notebook_storage{notebook_volumes};

  // Keys as other services use them: key_use.
  api::kms::KeyAccess key_access{kms_keys, clock};
  api::kms::StoredKeyUse key_use{kms_keys, key_access};
  api::kms::KeyController key_controller{kms_keys, clock};

  WorkerPool workers;
  std::unique_ptr<objects::Scrubber> scrubber =
      objects.scrubber({.every = std::chrono::hours(settings.scrub_hours),
                        .bytes_per_second = settings.scrub_bytes_per_second});
  api::s3::S3 s3{
      objects, workers,
      api::s3::EncryptionKeys{.sealer = &sealer,
                              .kms = &key_use,
                              .encrypt_objects = settings.encrypt_objects,
                              .customer_keys = settings.customer_keys_need_tls
                                                   ? api::s3::CustomerKeys::kNeedTls
                                                   : api::s3::CustomerKeys::kAnyTransport}};
  api::s3::BucketNotifications notifications{objects, clock, names_of(settings.event_targets)};
  EventSender event_sender{objects.event_queue(), clock, event_targets(settings.event_targets),
                           settings.event_ca_file,
                           [this](std::size_t messages) { notifications.count_sent(messages); }};

  // Where agents reach this server: known once it listens, before any work is started.
  std::string url;
  const api::sagemaker::InstanceCatalogue instance_catalogue{instance_types_file(settings)};
  api::sagemaker::EngineWorkloads workloads{runs, instance_catalogue};
  api::sagemaker::IdentityRoleSessions role_sessions{roles, credentials, [this] { return url; }};
  api::sagemaker::ObjectLook object_look{objects};
  engine::Environments environments{engine::load_environment_table(environments_file(settings)),
                                    {.folder = settings.data_dir / "environments"},
                                    clock};
  api::sagemaker::EnvironmentImages environment_images{environments};
  api::sagemaker::Images images{{&container_images}, {&environment_images}};
  api::sagemaker::SageMaker sagemaker{
      {.documents = documents,
       .roles = role_sessions,
       .s3 = object_look,
       .wake = [this](const store::DocumentKey& key) { controllers.wake(key); },
       .keys = &key_use,
       .volumes = static_cast<api::sagemaker::VolumeEncryption>(settings.encrypt_job_volumes),
       .quotas = &quotas,
       .waiting = [this](const std::string& run_id) { return runs.waiting_for(run_id); },
       .notebooks = {.access = &notebook_sessions,
                     .storage = &notebook_storage,
                     .routes = &notebook_routes}}};
  api::IamService iam{{.roles = roles,
                       .policies = policies,
                       .users = users,
                       .groups = groups,
                       .profiles = profiles,
                       .providers = providers,
                       .accounts = accounts,
                       .logins = logins,
                       .credentials = credentials}};
  api::StsService sts{
      {.credentials = credentials, .roles = roles, .policies = policies, .providers = providers}};
  api::KmsService kms{{.keys = kms_keys,
                       .access = key_access,
                       .clock = clock,
                       .wake = [this](const keys::KmsKey& key) {
                         controllers.wake(api::kms::controller_key(key));
                       }}};
  api::EcrService ecr{{.registry = image_registry, .credentials = credentials}};
  api::CloudWatchService cloudwatch{metric_points};
  api::SageMakerMetricsService job_metrics{metric_points};
  api::PricingService pricing{instance_catalogue};
  api::LogsService logs_service{{.events = logs, .documents = documents}};
  InvocationMetrics invocation_metrics{
      clock, [this](store::MetricId id, std::vector<store::MetricPoint> points) {
        metric_points.append_later(std::move(id), std::move(points));
      }};
  CapacityMetrics capacity_metrics{
      clock, settings.account_id, settings.region, [this] { return runs.load(); },
      [this](store::MetricId id, std::vector<store::MetricPoint> points) {
        metric_points.append_later(std::move(id), std::move(points));
      }};
  DataCapture data_capture{clock,
                           {.age = std::chrono::seconds(settings.data_capture_seconds)},
                           capture_files(role_objects),
                           capture_lines(logs, clock)};
  Invocations invocations{routes, invocation_metrics,
                          [this](const std::string& arn) { return documents.tags(arn); },
                          [this](const DataCapture::Plan& plan, CapturedInvocation invocation) {
                            data_capture.offer(plan, std::move(invocation));
                          }};

  audit::EventIndex audit_index{settings.data_dir / "audit"};
  audit::Trail trail{audit_options(), clock, audit_index};
  api::CloudTrailService cloudtrail{audit_index};
  RequestAudit request_audit{
      trail,
      settings.audit_data_events ? RequestAudit::DataEvents::kOn : RequestAudit::DataEvents::kOff,
      clock};
  RateLimits limits{
      {.control = {.per_second = settings.requests_per_second, .burst = settings.request_burst},
       .data = {.per_second = settings.data_requests_per_second, .burst = 0}}};
  OwnerCommands owner_commands{accounts, credentials, roles, providers};
  JobCommands job_commands{documents, runs, settings};

  RequestMetrics request_metrics;
  identity::StoredPrincipalPolicies principal_policies{users, groups, roles, policies};
  identity::PolicyAuthorizer policy_authorizer{principal_policies};
  api::AllowAll no_checks;  // instead, when a benchmark asks for it
  identity::Authorizer& authorizer =
      settings.authorization ? static_cast<identity::Authorizer&>(policy_authorizer) : no_checks;
  Authenticator authenticator{credentials, clock, settings.region};
  ServiceRegistry registry;
  const RoleCallParts role_calls{.services = registry,
                                 .sessions = role_sessions,
                                 .authorizer = authorizer,
                                 .audit = request_audit,
                                 .clock = clock};
  RoleObjects role_objects{role_calls};
  ServerVolumeKeys volume_keys{role_calls, sealer};
  SageMakerControllers controllers{{.models = models,
                                    .database = database,
                                    .documents = documents,
                                    .metric_points = metric_points,
                                    .clock = clock,
                                    .sagemaker = sagemaker,
                                    .workloads = workloads,
                                    .roles = role_sessions,
                                    .objects = object_look,
                                    .images = images,
                                    .routes = routes,
                                    .environments = environment_images,
                                    .volume_keys = volume_keys,
                                    .notebook_storage = notebook_storage,
                                    .notebook_routes = notebook_routes,
                                    .notebook_access = notebook_sessions}};
  RegistryFace registry_face{
      {.registry = image_registry,
       .credentials = credentials,
       .authorizer = authorizer,
       .services = registry,
       .audit = request_audit,
       .workers = workers,
       .clock = clock,
       .remote_needs_tls = settings.require_tls == Settings::RequireTls::kRemote}};
  ConsoleFace console_face{
      {.authenticator = authenticator,
       .sessions = console_sessions,
       .logins = logins,
       .accounts = accounts,
       .audit = request_audit,
       .workers = workers,
       .clock = clock,
       .account = settings.account_id,
       .region = settings.region,
       .remote_needs_tls = settings.require_tls == Settings::RequireTls::kRemote},
      ConsoleFiles(settings.console_folder.empty() ? default_console_folder()
                                                   : settings.console_folder)};
  NotebookFace notebook_face{
      {.routes = notebook_routes,
       .sessions = notebook_sessions,
       .clock = clock,
       .record = [this](const RequestHead& head, std::string_view id,
                        audit::Event event) { request_audit.record(head, id, std::move(event)); },
       .remote_needs_tls = settings.require_tls == Settings::RequireTls::kRemote}};
  Gateway gateway;
  Cors cors{s3.cors(), workers,
            [this](http::Exchange& exchange) { return gateway.handle(exchange); }};
  bool running = false;

  Impl(const Settings& given, const Clock& time)
      : settings(given),
        clock(time),
        database(settings.data_dir / "metadata.db",
                 {store::Documents::migrations(), store::LogEvents::migrations(),
                  store::MetricPoints::migrations(), identity::Credentials::migrations(),
                  identity::Roles::migrations(), identity::Policies::migrations(),
                  identity::Users::migrations(), identity::Accounts::migrations(),
                  identity::Logins::migrations(), identity::ConsoleSessions::migrations(),
                  keys::KeyTable::migrations(), engine::Runs::migrations(),
                  api::sagemaker::Quotas::migrations(), ImageMap::migrations(),
                  registry::Store::migrations()}),
        objects(settings.data_dir / "objects", clock),
        lifecycle(objects, clock, std::chrono::seconds(settings.lifecycle_day_seconds)),
        backend(
            {.data_folder = settings.data_dir,
             .agent_command = agent_command(),
             .volumes = job_volumes(settings),
             .container_socket = settings.container_socket,
             .remove_container =
                 [this](const std::string& run_id) { container_images.remove_container(run_id); }}),
        slurm(slurm_backend(settings)),
        split(slurm ? std::make_unique<engine::SplitBackend>(backend, *slurm, "slurm:") : nullptr),
        runs(database, split ? static_cast<engine::ComputeBackend&>(*split) : backend, clock,
             job_capacity(settings), run_sinks(logs, metric_points, sealer)),
        workers(worker_threads(settings), settings.worker_queue),
        registry(models, services(), request_metrics),
        gateway(registry, authenticator, authorizer, workers, clock, request_metrics, guards(),
                side_routes()) {
    s3.share(s3_directory(), new_buckets(settings));
    runs.preempt_when_needed(static_cast<engine::Preemption>(settings.preemption));
    add_quota_commands(owner_commands, quotas);
    add_image_commands(owner_commands, image_map);
  }

  // Every service of this server.
  std::vector<api::Service*> services() {
    return {&s3,           &invocations, &sagemaker,  &iam, &sts,         &kms,
            &logs_service, &cloudwatch,  &cloudtrail, &ecr, &job_metrics, &pricing};
  }

  audit::TrailOptions audit_options() {
    audit::TrailOptions options;
    options.folder = settings.data_dir / "audit";
    options.seal = audit::seal_with(sealer);
    options.retention_days = settings.audit_retention_days;
    options.data_bytes = std::uint64_t{settings.audit_data_gigabytes} << 30;
    return options;
  }

  Guards guards() {
    return {.audit = request_audit,
            .limits = limits,
            .remote_needs_tls = settings.require_tls == Settings::RequireTls::kRemote};
  }

  // Whom ACLs and bucket policies may name.
  api::s3::Directory s3_directory() {
    return {.accounts =
                [this] {
                  std::vector<std::string> ids;
                  for (auto& account : accounts.list()) ids.push_back(std::move(account.id));
                  return ids;
                },
            .account_of_email = [this](std::string_view email) -> std::optional<std::string> {
              for (auto& account : accounts.list()) {
                if (!email.empty() && equals_ignore_case(account.email, email)) {
                  return std::move(account.id);
                }
              }
              return std::nullopt;
            },
            .principal_exists =
                [this](std::string_view arn) {
                  return roles.find_by_arn(arn).has_value() || users.find_by_arn(arn).has_value();
                }};
  }

  SideRoutes side_routes() {
    return {.run_report =
                [this](std::string_view id, std::string_view token, std::string_view body) {
                  boost::system::error_code error;
                  const json::value report = json::parse(body, error);
                  if (error || !report.is_object())
                    throw std::invalid_argument("the report is no JSON object");
                  return json::serialize(runs.apply_report(id, token, report.get_object()));
                },
            .owner_token = owner_commands.token(),
            .owner_command =
                [this](std::string_view body) {
                  boost::system::error_code error;
                  const json::value command = json::parse(body, error);
                  if (error || !command.is_object()) {
                    throw std::invalid_argument("the command is no JSON object");
                  }
                  if (auto answer = job_commands.run(command.get_object())) {
                    return json::serialize(*answer);
                  }
                  return json::serialize(owner_commands.run(command.get_object()));
                },
            .registry = [this](http::Exchange& exchange) { return registry_face.handle(exchange); },
            .console = [this](http::Exchange& exchange) { return console_face.handle(exchange); }};
  }
};

Services::Services(const Settings& settings, const Clock& clock)
    : impl_(std::make_unique<Impl>(settings, clock)) {
  impl_->accounts.ensure(settings.account_id, "default");
}

Services::~Services() {
  stop();
}

void Services::start(const std::string& url) {
  const std::string& advertised = impl_->settings.advertise_url;
  impl_->url = advertised.empty() ? url : advertised;
  impl_->container_images.serve_registry_at(impl_->url);
  impl_->running = true;
  if (!impl_->settings.authorization) {
    spdlog::warn("authorization is off: whoever signs a request may do everything");
  }
  impl_->runs.on_change([impl = impl_.get()](const engine::JobSpec& spec, auto change) {
    impl->controllers.wake(spec, change);
  });
  impl_->controllers.before_endpoint_removal([impl = impl_.get()](const auto& endpoint) {
    impl->data_capture.flush(endpoint.account, endpoint.region, endpoint.name);
  });
  impl_->controllers.add(impl_->key_controller);
  impl_->scrubber->start();
  impl_->s3.notify(impl_->notifications);
  impl_->notifications.on_queued([impl = impl_.get()] { impl->event_sender.wake(); });
  impl_->event_sender.start();
  impl_->backend.open_volumes();
  impl_->runs.start();
  impl_->controllers.start();
  impl_->invocation_metrics.start(kMetricsInterval);
  impl_->data_capture.start();
  impl_->capacity_metrics.start(kMetricsInterval);
  impl_->lifecycle.start();
}

void Services::stop() {
  if (!impl_->running) return;
  impl_->running = false;
  impl_->lifecycle.stop();
  impl_->scrubber->stop();
  impl_->controllers.stop();
  impl_->runs.stop();
  impl_->capacity_metrics.stop();
  impl_->invocation_metrics.stop();
  impl_->data_capture.stop();
  impl_->workers.stop();
  impl_->event_sender.stop();
}

http::Handler Services::handler() {
  return [impl = impl_.get()](http::Exchange& exchange) { return impl->cors.handle(exchange); };
}
http::Handler Services::notebook_handler() {
  return
      [face = &impl_->notebook_face](http::Exchange& exchange) { return face->handle(exchange); };
}
void Services::serve_notebooks_at(std::string url) {
  impl_->notebook_sessions.serve_at(std::move(url));
}
const wire::Models& Services::models() const {
  return impl_->models;
}
std::vector<api::Service*> Services::list() {
  return impl_->services();
}

void Services::add_server_gauges(const http::Server& server) {
  RequestMetrics& metrics = impl_->request_metrics;
  metrics.add_gauge("clary_open_connections", "Client connections that are open.",
                    [&server] { return static_cast<double>(server.open_connections()); });
  metrics.add_gauge("clary_audit_records_lost", "Data events the audit log only counted.",
                    [this] { return static_cast<double>(impl_->trail.counts().lost); });
  metrics.add_gauge("clary_audit_waiting_bytes", "Audit events that wait for the disk.",
                    [this] { return static_cast<double>(impl_->trail.counts().waiting_bytes); });
  metrics.add_gauge("clary_damaged_objects",
                    "Objects and parts whose stored bytes are damaged, as the last check found.",
                    [this] { return static_cast<double>(impl_->scrubber->damaged()); });
  metrics.add_gauge("clary_scrub_bytes", "Stored bytes checked since the server started.",
                    [this] { return static_cast<double>(impl_->scrubber->bytes_checked()); });
  metrics.add_gauge(
      "clary_scrub_finished_seconds", "When all stored bytes were checked last; 0 is never.",
      [this] { return static_cast<double>(impl_->scrubber->last_finished_seconds()); });
  metrics.add_gauge("clary_captures_written", "Captured invocations of endpoints written to S3.",
                    [this] { return static_cast<double>(impl_->data_capture.written()); });
  metrics.add_gauge("clary_captures_lost", "Captured invocations that were dropped.",
                    [this] { return static_cast<double>(impl_->data_capture.lost()); });
  metrics.add_gauge("clary_runs_queued", "Jobs waiting for CPU and memory.",
                    [this] { return static_cast<double>(impl_->runs.load().queued); });
  metrics.add_gauge("clary_runs_running", "Jobs and model servers that run.",
                    [this] { return static_cast<double>(impl_->runs.load().running); });
}

void Services::add_gauge(std::string name, std::string help, std::function<double()> read) {
  impl_->request_metrics.add_gauge(std::move(name), std::move(help), std::move(read));
}

json::object Services::run_owner_command(const json::object& command) {
  return impl_->owner_commands.run(command);
}

ClientFile Services::client_file(const std::string& url, const std::filesystem::path& ca_bundle) {
  impl_->accounts.ensure(impl_->settings.account_id, impl_->settings.account_id);
  const identity::Role role = impl_->roles.ensure_execution_role(impl_->settings.account_id);
  const identity::AccessKey key = impl_->credentials.local_key(impl_->settings.account_id);
  return {.url = url,
          .account_id = impl_->settings.account_id,
          .region = impl_->settings.region,
          .role_arn = role.arn,
          .access_key_id = key.id,
          .secret_access_key = key.secret,
          .owner_token = impl_->owner_commands.token(),
          .ca_bundle = std::filesystem::absolute(ca_bundle)};
}

}  // namespace clary::server
