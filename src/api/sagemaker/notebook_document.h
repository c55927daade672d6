// A notebook instance's document: what stands in its internal part, and the run that it comes to.
#pragma once

#include <string>
#include <string_view>

#include "api/sagemaker/images.h"
#include "engine/job_spec.h"
#include "engine/notebook_routes.h"
#include "store/documents.h"

namespace clary::api::sagemaker {

inline constexpr std::string_view kNotebookKind = "notebook-instance";
// What the framework environments know notebooks by.
inline constexpr std::string_view kNotebookImage = "sagemaker-notebook:latest";

// Members of Document::internal.
inline constexpr std::string_view kNotebookVolume = "volume";    // id of its volume
inline constexpr std::string_view kNotebookKmsKey = "kms_key";   // ARN of KmsKeyId; "": none
inline constexpr std::string_view kNotebookKey = "key";          // SealedVolumeKey, once it is made
inline constexpr std::string_view kNotebookCreated = "created";  // it was InService once
inline constexpr std::string_view kNotebookRun = "run";          // the run that is to serve
inline constexpr std::string_view kNotebookToken = "token";      // of that run
inline constexpr std::string_view kNotebookBegan = "began";      // when that run was submitted
inline constexpr std::string_view kNotebookLosses = "losses";    // runs that were lost in a row
// A run to end and to forget before anything else is done.
inline constexpr std::string_view kNotebookRetired = "retired";

engine::NotebookName notebook_name(const store::DocumentKey& key);

// The run that serves is no longer wanted.
void retire_notebook_run(store::Document& notebook);

struct Repository {
  std::string url, branch;  // "": the default one
};
// Throws ValidationException when a code repository cannot be cloned here. `name_or_url`: a name is
// looked up in the account and region of `notebook`.
Repository repository_of(store::Documents& documents, const store::DocumentKey& notebook,
                         std::string_view name_or_url);

struct NotebookStart {
  std::string run, token;
  std::string folder;     // of the volume, on this machine
  std::string base_path;  // NotebookAccess::base_path
};

// Looks up the lifecycle configuration and the repositories as they are now. Throws
// ValidationException when one is gone.
engine::JobSpec notebook_spec(const store::Document& notebook, const NotebookStart& start,
                              store::Documents& documents, const ImageWay& way);

}  // namespace clary::api::sagemaker
