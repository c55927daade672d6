// The model registry: package groups, packages, algorithms, model cards.
#include "api/sagemaker/kind.h"

namespace clary::api::sagemaker {

std::vector<Kind> registry_kinds() {
  std::vector<Kind> kinds;
  kinds.push_back({.kind = "model-package-group",
                   .name_member = "ModelPackageGroupName",
                   .arn_member = "ModelPackageGroupArn",
                   .operations = {"CreateModelPackageGroup", "DescribeModelPackageGroup", "",
                                  "DeleteModelPackageGroup", "ListModelPackageGroups"},
                   .not_found = {"ValidationException", "ModelPackageGroup {arn} does not exist."},
                   .exists = {"ValidationException", "Model Package Group already exists: {arn}."},
                   .status_member = "ModelPackageGroupStatus",
                   .initial_status = "Completed",
                   .arn_name = Kind::ArnName::kAsGiven,
                   .list = {.descending = false},
                   .search_resource = "ModelPackageGroup",
                   .search_record = "ModelPackageGroup"});
  kinds.push_back({.kind = "model-package",
                   .name_member = "ModelPackageName",
                   .arn_member = "ModelPackageArn",
                   .operations = {"CreateModelPackage", "DescribeModelPackage",
                                  "UpdateModelPackage", "DeleteModelPackage", "ListModelPackages"},
                   .not_found = {"ValidationException", "ModelPackage {arn} does not exist."},
                   .exists = {"ConflictException", "Model Package already exists: {arn}."},
                   .status_member = "ModelPackageStatus",
                   .initial_status = "Completed",
                   .arn_name = Kind::ArnName::kAsGiven,
                   .list = {.descending = false},
                   .filters = {{"ModelApprovalStatus", "ModelApprovalStatus"},
                               {"ModelPackageGroupName", "ModelPackageGroupName"}},
                   .merged_maps = {"CustomerMetadataProperties"},
                   .search_resource = "ModelPackage",
                   .search_record = "ModelPackage"});
  kinds.push_back({.kind = "algorithm",
                   .name_member = "AlgorithmName",
                   .arn_member = "AlgorithmArn",
                   .operations = {"CreateAlgorithm", "DescribeAlgorithm", "", "DeleteAlgorithm",
                                  "ListAlgorithms"},
                   .not_found = {"ValidationException", "Algorithm {arn} does not exist."},
                   .exists = {"ValidationException", "Algorithm already exists: {arn}."},
                   .status_member = "AlgorithmStatus",
                   .initial_status = "Completed",
                   .list = {.descending = false}});
  kinds.push_back({.kind = "model-card",
                   .name_member = "ModelCardName",
                   .arn_member = "ModelCardArn",
                   .operations = {"CreateModelCard", "DescribeModelCard", "UpdateModelCard",
                                  "DeleteModelCard", "ListModelCards"},
                   .not_found = {"ResourceNotFound", "Model card {arn} does not exist."},
                   .exists = {"ConflictException", "Modelcard {arn} already exists."},
                   .status_member = "ModelCardStatus",
                   .arn_name = Kind::ArnName::kAsGiven,
                   .filters = {{"ModelCardStatus", "ModelCardStatus"}}});
  return kinds;
}

}  // namespace clary::api::sagemaker
