// What a workload needs, with all SageMaker words lowered away: what the engine writes and the job
// agent reads, so it is here, below both.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"

namespace clary {

// One of `count` equal shares; count 0: those of the run's instances.
struct ShareSpec {
  int index = 0, count = 0;
};

// One channel or processing input.
struct InputSpec {
  std::string name;        // channel
  std::string local_path;  // inside the sandbox: /opt/ml/input/data/<channel>
  enum class Source {
    kPrefix,
    kManifest,
    kObject,
    kAugmentedManifest  // JSON lines; only through a pipe
  } source = Source::kPrefix;
  std::string s3_uri;
  bool sharded = false;      // ShardedByS3Key: this instance takes every n-th object
  bool gzip = false;         // CompressionType Gzip: unpack each object
  bool extract_tar = false;  // model.tar.gz: unpack into local_path
  // Through named pipes, one for each epoch: local_path + "_0", "_1", ...
  bool pipe = false;
  bool record_io = false;                       // pipe: each object becomes a RecordIO record
  std::optional<std::uint64_t> shuffle_seed{};  // pipe: a new order for every epoch
  std::vector<std::string> attributes{};        // kAugmentedManifest: what of each line, in order
  bool optional = false;                        // nothing there is no error
  ShareSpec share{};                            // sharded: which objects
};

struct OutputSpec {
  std::string local_path;  // /opt/ml/model
  std::string s3_uri;      // full key for archives, prefix otherwise
  enum class Form { kTarGz, kFiles } form = Form::kTarGz;
  bool only_if_not_empty = false;  // output.tar.gz
  std::string kms_key{};           // ARN: what S3 is to encrypt it with; "" leaves it to the bucket
  bool continuous = false;         // kFiles: each file whenever it has changed, while the run lasts
  bool only_on_success = false;    // a workload that failed leaves nothing there
};

struct MetricPattern {
  std::string name, regex;
};

struct Limits {
  std::uint64_t memory_bytes = 0;  // 0: none
  double cpus = 0;
  // Of the storage volume: what its inputs may come to, and the largest file it may write. 0: none.
  std::uint64_t volume_bytes = 0;
  // Of the workload, from its start. Mode kServe: how long until /ping must answer 200.
  std::chrono::seconds max_runtime{86400};
  std::chrono::seconds term_grace{120};  // SIGTERM to SIGKILL, as SageMaker's training jobs
  unsigned gpus = 0;                     // kImage: those of the machine, where it has some
};

enum class Launch {
  kNativeAlgorithm,  // clary-algo, in the sandbox
  kEnvironment,      // a Python environment of the host, in the sandbox
  kImage             // an OCI image, by the container runtime
};

// A framework environment: a Python of the host that stands in for a framework's image.
struct PythonSpec {
  std::string name;         // of the environment: "sklearn"
  std::string interpreter;  // on the host; its prefix is bound into the sandbox at the same place
  std::string framework{};  // whose defaults serve a model: "sklearn"
  std::string version{};    // "3.11"
  std::string base{};       // the interpreter that the environment itself was made with
  std::vector<std::string> sites{};                // folders of its packages, in Python's order
  std::vector<std::string> folders{};              // what the sandbox needs to see beside /usr
  std::map<std::string, std::string> variables{};  // of the environment; the job's own win
};

// A batch transform: objects that go through the model server record by record.
struct TransformSpec {
  InputSpec input;  // which objects; local_path means nothing
  enum class Split { kNone, kLine, kRecordIo, kTfRecord } split = Split::kNone;
  std::string content_type, accept;
  std::string output_uri;       // prefix: an input's path below its own, with ".out", follows
  std::string kms_key;          // of the outputs; "" leaves it to the bucket
  bool assemble_lines = false;  // a line feed after each answer
  // What the request left open, the model's /execution-parameters may say.
  enum class Strategy { kUnset, kSingleRecord, kMultiRecord } strategy = Strategy::kUnset;
  std::optional<std::int64_t> max_payload_mb;  // 0: no limit
  std::int64_t max_concurrent = 0;             // 0: open
  std::chrono::seconds timeout{600};           // of one request to the model
  int retries = 3;
  std::string input_filter = "$", output_filter = "$";  // JSONPath
  bool join_input = false;
  // DataCaptureConfig.
  struct Capture {
    std::string uri, kms_key;
    bool inference_id = false;  // each record of the output gets an id and the time of the start
  };
  std::optional<Capture> capture{};
};

// A folder of this machine that the workload has, writable, and that outlives the run.
struct MountSpec {
  std::string host;  // where it is
  // Where the workload sees it, "/home/ec2-user/SageMaker"; the folder around it is its home, which
  // goes with the run.
  std::string path;
};

// An instance of a gang, as the others reach it.
struct Peer {
  std::string host;     // "algo-2"
  std::string address;  // "127.13.7.2"
};

struct JobSpec {
  std::string id;    // unique, path-safe: "training-job-<name>-<random>"
  std::string kind;  // document kind
  std::string account, region, name, arn;
  enum class Mode { kRunToEnd, kServe, kTransform } mode = Mode::kRunToEnd;
  Launch launch = Launch::kNativeAlgorithm;
  std::string image;
  // What to run. kNativeAlgorithm: {"clary-algo", "train"}. kEnvironment: the whole command, whose
  // first word is looked for in the environment, then in PATH. kImage: the arguments, in place of
  // the image's own CMD; empty keeps that.
  std::vector<std::string> command;
  std::vector<std::string> entrypoint;  // kImage: in place of the image's own; empty keeps that
  PythonSpec python;                    // kEnvironment
  std::map<std::string, std::string> environment;
  // Files by their path below /opt/ml: "input/config/hyperparameters.json", ...
  std::map<std::string, json::value> config_files;
  std::vector<InputSpec> inputs;
  std::vector<OutputSpec> outputs;
  std::vector<MetricPattern> metrics;
  Limits limits;
  bool network = false;  // false: no network inside the sandbox
  // What encrypts the files of the run while it is there: "transient" a key that is nowhere but in
  // memory, else the ARN of a KMS key that gives such a key. "" leaves it to where it runs.
  std::string volume_key;
  int instance_index = 0, instance_count = 1;
  std::string log_group, log_stream;
  // Parts of the workload with log streams of their own, beside `log_stream` and named for them:
  // the lines that begin with "[PART] ", which is left out.
  std::vector<std::string> log_parts;
  std::string metric_namespace;  // of scraped metrics
  std::map<std::string, std::string> metric_dimensions;
  // Of several instances that run together. Set by the engine: the id of the first instance's run,
  // "" for a run of one; and all instances, in order, once the compute backend knows them.
  std::string gang;
  std::vector<Peer> peers;
  std::optional<TransformSpec> transform;  // kTransform
  bool exit_message = false;  // what it leaves in /opt/ml/output/message goes into the outcome
  // For the queue. Whose share of the machine it counts for; runs of a higher priority go first; a
  // spot run goes behind the others of its priority and may have to make room.
  std::string user;
  int priority = 0;
  bool spot = false;
  std::string instance_type;  // "ml.m5.xlarge"
  // Its share of the machine stays reserved after its end, until the run is forgotten, or goes to
  // the run that names it: warm pools.
  bool keeps_place = false;
  std::string takes_place_of{};     // a run's id
  bool private_traffic = false;     // what instances tell each other must not be read on the way
  std::vector<MountSpec> mounts{};  // in the sandbox
  // Mode kServe. What must answer 200, how often it may not in a row before the server is started
  // anew (0: any number), and how many starts may end by themselves before it was ever ready.
  std::string health_path = "/ping";
  int unhealthy_pings = 3, start_attempts = 3;
};

// The host name of an instance: "algo-1" is the first.
std::string host_of_instance(int index);

json::object to_json(const JobSpec& spec);
// Throws std::invalid_argument naming the member that is damaged. Unknown members are ignored, so
// that an agent of an older version reads what a newer server wrote.
JobSpec job_spec_from_json(const json::object& object);

}  // namespace clary
