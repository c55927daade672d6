// How browsers come to notebooks, as the operations of notebook instances see it: an interface,
// since what serves them stands in server/.
#pragma once

#include <chrono>
#include <string>

#include "engine/notebook_routes.h"

namespace clary::api::sagemaker {

// threads: any. blocks: no.
class NotebookAccess {
 public:
  virtual ~NotebookAccess() = default;
  // What all paths of the notebook begin with: "/ACCOUNT/REGION/NAME".
  virtual std::string base_path(const engine::NotebookName& notebook) const = 0;
  // Url of DescribeNotebookInstance, without a scheme: "127.0.0.1:8081/ACCOUNT/REGION/NAME".
  virtual std::string url(const engine::NotebookName& notebook) const = 0;
  // AuthorizedUrl: good for five minutes; the browser session that it opens ends after `session`.
  // `principal`: ARN of whom it was made for.
  virtual std::string authorized_url(const engine::NotebookName& notebook,
                                     std::chrono::seconds session,
                                     const std::string& principal) = 0;
};

}  // namespace clary::api::sagemaker
