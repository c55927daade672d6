// What a request that creates an object says about it beside its bytes.
#pragma once

#include "api/call.h"
#include "objects/object_info.h"

namespace clary::api::s3 {

// Names among the stored headers that are never sent: the encryption that clients asked for of
// versions of Clary that had none.
inline constexpr std::string_view kNeverSent = "requested-encryption";

// Content type, headers that come back as they came, user metadata, tags, If-Match and
// If-None-Match. Throws ApiError for what S3 refuses (MetadataTooLarge, a bad tag set) and for what
// Clary cannot do (ACLs): a header that promises something is never just ignored. Lock, storage
// class and encryption are read by read_lock(), storage_class_of() and ObjectEncryption::choose().
objects::PutOptions put_options(const Call& call);

// If-None-Match, which S3 itself takes as * only; an entity tag holds while the object has another.
void set_none_match(objects::PutOptions& options, std::string_view value);

}  // namespace clary::api::s3
