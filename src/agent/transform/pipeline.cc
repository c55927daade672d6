#include "agent/transform/pipeline.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "agent/failure_reason.h"
#include "agent/stage_in.h"
#include "agent/transform/capture.h"
#include "agent/transform/data_processing.h"
#include "agent/transform/object_reader.h"
#include "base/errors.h"

namespace clary::agent {
namespace {

// One input object and its output.
struct ObjectState {
  InputObject object;
  std::string name;  // "bucket/key", for people
  std::atomic<bool> failed{false};
  std::optional<S3Upload> output;  // the writer's
};

// One request to the model, or the end of an object. Handed from thread to thread; whoever has it
// owns all of it but `done`.
struct Ticket {
  std::shared_ptr<ObjectState> object;
  bool last = false;
  ObjectPart part;
  std::string result;
  bool done = false;  // guarded by Pipeline::mutex_
};

class Pipeline {
 public:
  explicit Pipeline(const TransformOptions& options)
      : options_(options),
        transform_(*options.spec.transform),
        start_(options.clock.now()),
        processing_(transform_, start_),
        capture_(options.spec, start_),
        model_(options.socket, transform_, options.cancelled),
        s3_(options.s3, options.clock, options.cancelled) {}

  TransformResult run();

 private:
  void produce(const InputObject& object);
  void push(std::shared_ptr<Ticket> ticket);
  void work();
  void invoke(ModelClient& model, Ticket& ticket);
  void write();
  S3Location output_of(const InputObject& object) const;
  void write_one(S3Client& client, Ticket& ticket);
  // Calls `use`; what goes wrong fails the object, and only cancelling ends the whole.
  template <class Use>
  void guarded(ObjectState& object, const Use& use);
  void fail(ObjectState& object, const std::string& line, const std::string& reason);
  void finish();

  const TransformOptions& options_;
  const TransformSpec& transform_;
  const Timestamp start_;
  const DataProcessing processing_;
  CaptureManifests capture_;  // the writer's, then run()'s
  ModelClient model_;
  S3Client s3_;
  TransformLimits limits_;
  std::size_t window_ = 0;  // tickets under way at most

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Ticket>> order_;  // guarded by mutex_: all under way, in order
  std::deque<std::shared_ptr<Ticket>> todo_;   // guarded by mutex_: for the workers
  bool finished_ = false;                      // guarded by mutex_: nothing more comes
  TransformResult result_;                     // guarded by mutex_
  std::exception_ptr broken_;                  // guarded by mutex_
  std::vector<std::thread> threads_;
};

void Pipeline::fail(ObjectState& object, const std::string& line, const std::string& reason) {
  if (object.failed.exchange(true)) return;
  options_.say("[sagemaker logs]: " + object.name + ": " + line);
  const std::lock_guard lock(mutex_);
  if (++result_.failed == 1) result_.reason = reason + ". See job logs for more information";
}

template <class Use>
void Pipeline::guarded(ObjectState& object, const Use& use) {
  try {
    use();
  } catch (const Cancelled&) {
    object.failed = true;
    const std::lock_guard lock(mutex_);
    if (!broken_) broken_ = std::current_exception();
  } catch (const ModelFailure& failure) {
    const bool refused = failure.kind() == ModelFailure::Kind::kRefused;
    const std::string prefix = refused ? "ClientError: " : "AlgorithmError: ";
    fail(object, prefix + failure.what(), prefix + object.name + ": " + failure.what());
    if (!failure.answer().empty()) {
      options_.say("[sagemaker logs]: " + object.name + ": Message: " + failure.answer());
    }
  } catch (const BadRecord& bad) {
    fail(object, std::string("ClientError: ") + bad.what(),
         "ClientError: " + object.name + ": " + bad.what());
  } catch (const std::exception&) {
    const std::string reason = reason_of(std::current_exception(), object.name);
    fail(object, reason, reason);
  }
}

void Pipeline::push(std::shared_ptr<Ticket> ticket) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return order_.size() < window_ || broken_; });
  if (broken_) throw Cancelled();
  order_.push_back(ticket);
  if (ticket->last) {
    ticket->done = true;
  } else {
    todo_.push_back(std::move(ticket));
  }
  lock.unlock();
  changed_.notify_all();
}

void Pipeline::produce(const InputObject& object) {
  const auto state = std::make_shared<ObjectState>();
  state->object = object;
  state->name = object.from.bucket + "/" + object.from.key;
  guarded(*state, [&] {
    read_object({.client = s3_,
                 .object = object,
                 .transform = transform_,
                 .limits = limits_,
                 .processing = processing_,
                 .scratch = options_.scratch},
                [&](ObjectPart part) {
                  auto ticket = std::make_shared<Ticket>();
                  ticket->object = state;
                  ticket->part = std::move(part);
                  push(std::move(ticket));
                  return !state->failed;
                });
  });
  auto end = std::make_shared<Ticket>();
  end->object = state;
  end->last = true;
  push(std::move(end));
}

void Pipeline::invoke(ModelClient& model, Ticket& ticket) {
  if (ticket.object->failed) return;
  guarded(*ticket.object, [&] {
    const http::ClientResponse response = model.invoke(ticket.part.payload);
    if (processing_.shapes_output()) {
      ticket.result = processing_.outputs(ticket.part.records, response.body,
                                          response.headers.get("Content-Type"));
    } else {
      ticket.result = response.body;
      if (transform_.assemble_lines && !ticket.result.ends_with('\n')) ticket.result += '\n';
    }
  });
}

void Pipeline::work() {
  ModelClient model(options_.socket, transform_, options_.cancelled);
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !todo_.empty() || finished_; });
    if (todo_.empty()) return;
    const std::shared_ptr<Ticket> ticket = std::move(todo_.front());
    todo_.pop_front();
    lock.unlock();
    invoke(model, *ticket);
    ticket->part = {};
    lock.lock();
    ticket->done = true;
    lock.unlock();
    changed_.notify_all();
  }
}

S3Location Pipeline::output_of(const InputObject& object) const {
  const S3Location base = parse_s3_uri(transform_.output_uri);
  const std::string separator = base.key.empty() || base.key.ends_with('/') ? "" : "/";
  return {base.bucket, base.key + separator + object.path + ".out"};
}

void Pipeline::write_one(S3Client& client, Ticket& ticket) {
  ObjectState& object = *ticket.object;
  if (!object.failed) {
    guarded(object, [&] {
      const S3Location to = output_of(object.object);
      if (!object.output) object.output.emplace(client, to, transform_.kms_key);
      object.output->write(ticket.result);
      if (!ticket.last) return;
      object.output->finish();
      if (transform_.capture) capture_.add(object.object, to);
    });
  }
  if (ticket.last || object.failed) object.output.reset();  // aborts what is not finished
}

void Pipeline::write() {
  S3Client client(options_.s3, options_.clock, options_.cancelled);
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] {
      return (!order_.empty() && order_.front()->done) || (finished_ && order_.empty());
    });
    if (order_.empty()) return;
    const std::shared_ptr<Ticket> ticket = order_.front();
    lock.unlock();
    write_one(client, *ticket);
    lock.lock();
    order_.pop_front();  // only now: what is written counts as under way
    lock.unlock();
    changed_.notify_all();
  }
}

void Pipeline::finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

TransformResult Pipeline::run() {
  const std::vector<InputObject> objects = list_objects(s3_, transform_.input, options_.spec);
  limits_ = model_.limits();
  window_ = 2 * limits_.concurrent + 1;
  options_.say("[sagemaker logs]: MaxConcurrentTransforms=" + std::to_string(limits_.concurrent) +
               ", MaxPayloadInMB=" + std::to_string(limits_.payload_bytes >> 20) +
               ", BatchStrategy=" + (limits_.multi_record ? "MULTI_RECORD" : "SINGLE_RECORD"));
  result_.objects = objects.size();
  for (std::size_t i = 0; i < limits_.concurrent; ++i) threads_.emplace_back([this] { work(); });
  threads_.emplace_back([this] { write(); });
  try {
    for (const InputObject& object : objects) produce(object);
  } catch (...) {
    finish();
    throw;
  }
  finish();
  if (broken_) std::rethrow_exception(broken_);
  if (transform_.capture) capture_.write(s3_);
  return result_;
}

}  // namespace

TransformResult run_transform(const TransformOptions& options) {
  return Pipeline(options).run();
}

}  // namespace clary::agent
