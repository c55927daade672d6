#include "api/sagemaker/plain_jobs.h"

#include "api/sagemaker/job_scheduling.h"

namespace clary::api::sagemaker {

json::object PlainJobs::stop(const json::object& input, Call& call) {
  wake_(stop_plain_job(words_, resources_, input, call));
  return {};
}

void PlainJobs::check_name(const json::object& input, const Call& call) const {
  const Kind& kind = kind_named(words_.kind);
  const store::DocumentKey key = Resources::key_of(kind, string_or(input, kind.name_member), call);
  const std::string arn = arn_of(kind, key.name, call.account, call.region);
  if (resources_.documents().find_by_arn(arn)) fail(kind.exists, key.name, arn);
}

JobKeys PlainJobs::keys_of(const json::object& input, const JobKeyPaths& paths,
                           const Call& call) const {
  return job_keys(input, paths, call, keys_, volumes_);
}

json::object PlainJobs::create_job(const json::object& input, Call& call, const JobKeys& keys,
                                   const std::string& role,
                                   const std::function<void(store::Document&)>& prepare) {
  if (!roles_.usable(role, call.account)) fail_validation(role_refused(role));
  check_experiment_config(input, resources_, call);
  const Kind& kind = kind_named(words_.kind);
  json::object output = resources_.create(kind, input, call, [&](store::Document& job) {
    job.internal[kRunId] = new_run_id(job.key);
    keep_job_keys(keys, job);
    keep_scheduling(input, call, job);
    prepare(job);
  });
  wake_(Resources::key_of(kind, string_or(input, kind.name_member), call));
  return output;
}

void put_default(json::object& object, std::string_view member, const json::value& value) {
  object.emplace(member, value);
}

}  // namespace clary::api::sagemaker
