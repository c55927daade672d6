// What requests and answers say of versions.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/s3/request.h"

namespace clary::api::s3 {

// "" when the request names no version. Throws InvalidArgument for an empty one.
std::string version_of(const json::object& input);

// Answers name versions once the bucket has kept some; for one that never did there is only "null",
// which goes without saying.
bool shows_versions(const objects::BucketInfo& bucket);
void show_version(json::object& output, const objects::BucketInfo& bucket,
                  std::string_view version_id);
void show_version(ResponseHead& head, const objects::BucketInfo& bucket,
                  std::string_view version_id);
// The version that a request made; the null version of a bucket that keeps none is not told.
void show_new_version(json::object& output, std::string_view version_id);
void show_new_version(ResponseHead& head, std::string_view version_id);

// Which version of which key the request names, and who asks.
objects::ObjectStore::VersionName version_name(const json::object& input, const Call& call);
objects::Requester requester_of(const Call& call);

// The error for an object that cannot be read, with what S3 tells about the delete marker that
// hides it: headers of a 404, or of a 405 when the request named the marker itself.
boost::asio::awaitable<void> answer_unreadable(Context& context, const json::object& input,
                                               Call& call, BodyWriter& response,
                                               const objects::BucketInfo& bucket,
                                               objects::StoreError error);

}  // namespace clary::api::s3
