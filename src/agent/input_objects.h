// Which objects of S3 an input consists of.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "agent/s3_client.h"
#include "base/job_spec.h"

namespace clary::agent {

// An input that cannot be used: a manifest that is none, a prefix without objects, a bad archive.
// what() is for the user, without the "ClientError: " in front.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct InputObject {
  S3Location from;
  std::string etag;        // "": not known
  std::string path;        // where it goes below the channel's folder
  std::uint64_t size = 0;  // 0: not told
};

// Where an object of a prefix goes below its channel's folder: what follows the prefix, at a slash.
// "p/train" and "p/train/" both put p/train/a/b.csv at a/b.csv; an object that is the prefix itself
// keeps its name; with "p/tr", p/train/a.csv goes to train/a.csv.
// "" for what is no file (a folder marker). Throws InputError when the path would lead out.
std::string path_below(const std::string& prefix, const std::string& key);

// All objects of an input that is not an augmented manifest, before they are shared among
// instances. blocks. errors: S3Failure, InputError, Cancelled, std::invalid_argument for an S3 URI.
std::vector<InputObject> input_objects(S3Client& client, const InputSpec& input);

// One attribute of a line of an augmented manifest: an object (NAME-ref), or what stands there.
struct ManifestPiece {
  std::optional<S3Location> object;
  std::string text;
};
using ManifestLine = std::vector<ManifestPiece>;  // one for each of input.attributes, in order

// The lines of an augmented manifest. Errors as above; a line without an attribute is one.
std::vector<ManifestLine> manifest_lines(S3Client& client, const InputSpec& input);

// The same two of a manifest's text. Errors: InputError, std::invalid_argument for an S3 URI.
std::vector<InputObject> objects_of_manifest(std::string_view text, const InputSpec& input);
std::vector<ManifestLine> lines_of_manifest(std::string_view text, const InputSpec& input);

// What one instance takes of `all`: every n-th when the input is sharded, else all.
template <class Item>
std::vector<Item> share_of(std::vector<Item> all, const InputSpec& input, const JobSpec& spec) {
  const bool own = input.share.count > 0;  // else the run's instances share it
  const int count = own ? input.share.count : spec.instance_count;
  if (!input.sharded || count <= 1) return all;
  std::vector<Item> mine;
  for (std::size_t i = static_cast<std::size_t>(own ? input.share.index : spec.instance_index);
       i < all.size(); i += static_cast<std::size_t>(count)) {
    mine.push_back(std::move(all[i]));
  }
  return mine;
}

}  // namespace clary::agent
