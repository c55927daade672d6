// S3Look over the embedded object store.
#pragma once

#include "api/sagemaker/s3_uri.h"
#include "objects/object_store.h"

namespace clary::api::sagemaker {

class ObjectLook final : public S3Look {
 public:
  explicit ObjectLook(objects::ObjectStore& objects) : objects_(objects) {}
  bool any_object(const S3Location& location) override {
    objects::ListQuery query;
    query.bucket = BucketName(location.bucket);
    query.prefix = location.key;
    query.limit = 1;
    const objects::Outcome<objects::ListPage> page = objects_.list(query);
    return page && !page->objects.empty();
  }

 private:
  objects::ObjectStore& objects_;
};

}  // namespace clary::api::sagemaker
