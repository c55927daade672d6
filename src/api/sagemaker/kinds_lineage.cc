// Lineage: actions, artifacts, contexts. Associations between them are in lineage.h.
#include "api/sagemaker/kind.h"

namespace clary::api::sagemaker {

std::vector<Kind> lineage_kinds() {
  std::vector<Kind> kinds;
  kinds.push_back(
      {.kind = "action",
       .name_member = "ActionName",
       .arn_member = "ActionArn",
       .operations = {"CreateAction", "DescribeAction", "UpdateAction", "DeleteAction",
                      "ListActions"},
       .not_found = {"ResourceNotFound", "Action '{name}' does not exist."},
       .exists = {"ValidationException",
                  "Action names must be unique within an AWS account and region. Action with name "
                  "({name}) already exists."},
       .filters = {{"SourceUri", "Source.SourceUri"}, {"ActionType", "ActionType"}}});
  kinds.push_back(
      {.kind = "artifact",
       .name_member = "",
       .arn_member = "ArtifactArn",
       .operations = {"CreateArtifact", "DescribeArtifact", "UpdateArtifact", "DeleteArtifact",
                      "ListArtifacts"},
       .not_found = {"ResourceNotFound", "Artifact '{name}' does not exist."},
       .exists = {"ValidationException", "Artifact with this source already exists: {arn}."},
       .filters = {{"SourceUri", "Source.SourceUri"}, {"ArtifactType", "ArtifactType"}}});
  kinds.push_back(
      {.kind = "context",
       .name_member = "ContextName",
       .arn_member = "ContextArn",
       .operations = {"CreateContext", "DescribeContext", "UpdateContext", "DeleteContext",
                      "ListContexts"},
       .not_found = {"ResourceNotFound", "Context '{name}' does not exist."},
       .exists = {"ValidationException",
                  "Context names must be unique within an AWS account and region. Context with "
                  "name ({name}) already exists."},
       .filters = {{"SourceUri", "Source.SourceUri"}, {"ContextType", "ContextType"}}});
  return kinds;
}

}  // namespace clary::api::sagemaker
