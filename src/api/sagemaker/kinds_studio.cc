// Notebook instances, and settings that other resources name: lifecycle scripts, image
// configurations, repositories, worker interfaces.
#include "api/sagemaker/kind.h"

namespace clary::api::sagemaker {

std::vector<Kind> studio_kinds() {
  std::vector<Kind> kinds;
  kinds.push_back(
      {.kind = "app-image-config",
       .name_member = "AppImageConfigName",
       .arn_member = "AppImageConfigArn",
       .operations = {"CreateAppImageConfig", "DescribeAppImageConfig", "UpdateAppImageConfig",
                      "DeleteAppImageConfig", "ListAppImageConfigs"},
       .not_found = {"ResourceNotFound", "AppImageConfig {arn} does not exist."},
       .exists = {"ResourceInUse", "AppImageConfig {arn} already exists."}});
  kinds.push_back({.kind = "studio-lifecycle-config",
                   .name_member = "StudioLifecycleConfigName",
                   .arn_member = "StudioLifecycleConfigArn",
                   .operations = {"CreateStudioLifecycleConfig", "DescribeStudioLifecycleConfig",
                                  "", "DeleteStudioLifecycleConfig", "ListStudioLifecycleConfigs"},
                   .not_found = {"ResourceNotFound", "StudioLifecycleConfig {arn} does not exist."},
                   .exists = {"ResourceInUse", "StudioLifecycleConfig {arn} already exists."},
                   .filters = {{"AppTypeEquals", "StudioLifecycleConfigAppType"}}});
  kinds.push_back({.kind = "notebook-instance-lifecycle-config",
                   .name_member = "NotebookInstanceLifecycleConfigName",
                   .arn_member = "NotebookInstanceLifecycleConfigArn",
                   .operations = {"CreateNotebookInstanceLifecycleConfig",
                                  "DescribeNotebookInstanceLifecycleConfig",
                                  "UpdateNotebookInstanceLifecycleConfig",
                                  "DeleteNotebookInstanceLifecycleConfig",
                                  "ListNotebookInstanceLifecycleConfigs"},
                   .not_found = {"ValidationException",
                                 "Unable to find Notebook Instance Lifecycle Config \"{arn}\""},
                   .exists = {"ValidationException",
                              "Notebook Instance Lifecycle Config \"{arn}\" already exists."}});
  kinds.push_back(
      {.kind = "code-repository",
       .name_member = "CodeRepositoryName",
       .arn_member = "CodeRepositoryArn",
       .operations = {"CreateCodeRepository", "DescribeCodeRepository", "UpdateCodeRepository",
                      "DeleteCodeRepository", "ListCodeRepositories"},
       .not_found = {"ValidationException", "Cannot find CodeRepository: \"{arn}\""},
       .exists = {"ValidationException",
                  "Cannot create already existing CodeRepository \"{arn}\"."},
       .list = {.sort = ListDefaults::Sort::kName, .descending = false}});
  kinds.push_back(
      {.kind = "notebook-instance",
       .name_member = "NotebookInstanceName",
       .arn_member = "NotebookInstanceArn",
       .operations = {"CreateNotebookInstance", "DescribeNotebookInstance",
                      "UpdateNotebookInstance", "DeleteNotebookInstance", "ListNotebookInstances"},
       .not_found = {"ValidationException", "RecordNotFound"},
       .exists = {"ValidationException", "Cannot create a duplicate Notebook Instance ({arn})"},
       .status_member = "NotebookInstanceStatus",
       .initial_status = "Pending",
       .list = {.sort = ListDefaults::Sort::kName, .descending = false}});
  kinds.push_back({.kind = "human-task-ui",
                   .name_member = "HumanTaskUiName",
                   .arn_member = "HumanTaskUiArn",
                   .operations = {"CreateHumanTaskUi", "DescribeHumanTaskUi", "",
                                  "DeleteHumanTaskUi", "ListHumanTaskUis"},
                   .not_found = {"ResourceNotFound", "HumanTaskUi {arn} does not exist."},
                   .exists = {"ResourceInUse", "HumanTaskUi {arn} already exists."},
                   .status_member = "HumanTaskUiStatus",
                   .initial_status = "Active"});
  return kinds;
}

}  // namespace clary::api::sagemaker
