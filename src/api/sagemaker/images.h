// Which way an image URI is run. Registry, account and region do not matter: repository and tag do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/job_spec.h"

namespace clary::api::sagemaker {

struct ImageName {
  std::string registry, repository, tag;  // tag "latest" when the URI has none
};
std::optional<ImageName> parse_image(std::string_view uri);

// An algorithm of clary-algo that stands in for a published image.
struct NativeAlgorithm {
  std::string_view name;  // "xgboost"
  // Metrics the published algorithm defines by itself; Describe shows them.
  std::vector<engine::MetricPattern> metrics;
  json::array metric_definitions;  // the same, as MetricDefinitions
};
// Nullptr when no native algorithm answers for the image.
const NativeAlgorithm* native_algorithm(std::string_view image_uri);

// What a job does with an image.
enum class ImageUse { kTrain, kServe, kProcess };

// One way to run an image.
struct ImageWay {
  Launch launch = Launch::kNativeAlgorithm;
  const NativeAlgorithm* algorithm = nullptr;  // kNativeAlgorithm
  PythonSpec python{};                         // kEnvironment
  std::string local_image{};                   // kImage: what the container runtime runs
};

// Somewhere that knows ways to run images: the container runtime, the framework environments.
// threads: any. blocks: shortly.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  // Nullopt when it knows none.
  virtual std::optional<ImageWay> find(std::string_view uri, ImageUse use) = 0;
  // What a user can do to be served by this source, as the rest of a sentence; for errors.
  virtual std::string offer() const = 0;
  // When it would know a way to run this image if somebody did something first: what, as whole
  // sentences. "" otherwise.
  virtual std::string remedy(std::string_view /*uri*/) { return ""; }
};

// Which way an image is run: the first of its sources that knows one. Algorithms of our own come
// between what is local (an image that is present wins over what stands in for it) and the rest.
// threads: any.
class Images {
 public:
  enum class Script { kNone, kOwn };  // kOwn: the user brings an entry point, an algorithm has none

  // Both lists outlive it.
  Images() = default;
  Images(std::vector<ImageSource*> local, std::vector<ImageSource*> stand_ins)
      : local_(std::move(local)), stand_ins_(std::move(stand_ins)) {}
  std::optional<ImageWay> find(std::string_view uri, ImageUse use, Script script) const;
  // What to tell a user whose image nothing here can run.
  std::string no_way(std::string_view uri, Script script) const;

 private:
  std::vector<ImageSource*> local_, stand_ins_;
};

// Puts the way into the specification: what starts, and how. `verb` is what SageMaker calls the
// image with ("train", "serve").
void put_way(const ImageWay& way, std::string_view verb, engine::JobSpec& spec);

}  // namespace clary::api::sagemaker
