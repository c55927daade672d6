#include "api/sagemaker/service.h"

#include <unordered_set>

#include "api/allow_all.h"
#include "api/authorize.h"
#include "api/sagemaker/algorithms.h"
#include "api/sagemaker/experiments.h"
#include "api/sagemaker/hosting.h"
#include "api/sagemaker/kind.h"
#include "api/sagemaker/lineage.h"
#include "api/sagemaker/model_registry.h"
#include "api/sagemaker/processing_jobs.h"
#include "api/sagemaker/resources.h"
#include "api/sagemaker/search.h"
#include "api/sagemaker/settings.h"
#include "api/sagemaker/tagging.h"
#include "api/sagemaker/training_jobs.h"
#include "api/sagemaker/transform_jobs.h"
#include "api/sagemaker/tuning_jobs.h"
#include "wire/validate.h"

namespace clary::api::sagemaker {
namespace {

// Operations by name, each once; what a kind's declaration gives comes after what is written out.
class Table {
 public:
  enum class Speed { kOrdinary, kQuick };

  // `Owner`: the family itself, or what it shares with others.
  template <class Family, class Owner>
  void add(std::string_view name, Family& family,
           json::object (Owner::*operation)(const json::object&, Call&),
           Speed speed = Speed::kOrdinary) {
    put(
        name,
        [&family, operation](const json::object& input, Call& call) {
          return (family.*operation)(input, call);
        },
        speed);
  }

  void add_declared(const Kind& kind, Resources& resources) {
    put(kind.operations.create, [&kind, &resources](const json::object& input, Call& call) {
      return resources.create(kind, input, call);
    });
    put(kind.operations.update, [&kind, &resources](const json::object& input, Call& call) {
      return resources.update(kind, input, call);
    });
    put(kind.operations.list, [&kind, &resources](const json::object& input, Call& call) {
      return resources.list(kind, input, call);
    });
    put(
        kind.operations.describe,
        [&kind, &resources](const json::object& input, Call& call) {
          return resources.describe(kind, input, call);
        },
        Speed::kQuick);
    put(kind.operations.remove, [&kind, &resources](const json::object& input, Call& call) {
      return resources.remove(kind, input, call);
    });
  }

  std::vector<OperationEntry> take() { return std::move(entries_); }

 private:
  void put(std::string_view name, Plain operation, Speed speed = Speed::kOrdinary) {
    if (name.empty() || !names_.insert(name).second) return;
    entries_.push_back({.name = name,
                        .plain = std::move(operation),
                        .streaming = {},
                        .quick = speed == Speed::kQuick});
  }

  std::vector<OperationEntry> entries_;
  std::unordered_set<std::string_view> names_;
};

}  // namespace

struct SageMaker::Families {
  explicit Families(const Parts& parts)
      : resources(parts.documents),
        tagging(parts.documents),
        experiments(resources),
        lineage(resources),
        registry(resources),
        algorithms(resources),
        settings(resources),
        limits(parts.documents, parts.quotas, parts.waiting),
        search(resources, experiments),
        training(resources, parts.roles, parts.s3, parts.wake, parts.keys, parts.volumes),
        tuning(resources, parts.roles, parts.s3, parts.wake),
        processing(resources, parts.roles, parts.wake, parts.keys, parts.volumes),
        transform(resources, parts.roles, parts.wake, parts.keys, parts.volumes),
        hosting(resources, parts.roles, parts.s3, parts.wake, parts.keys, parts.volumes),
        notebooks(resources, parts.roles, parts.wake, parts.keys, parts.notebooks) {}

  Resources resources;
  Tagging tagging;
  Experiments experiments;
  Lineage lineage;
  ModelRegistry registry;
  Algorithms algorithms;
  Settings settings;
  JobLimits limits;
  Search search;
  TrainingJobs training;
  TuningJobs tuning;
  ProcessingJobs processing;
  TransformJobs transform;
  Hosting hosting;
  NotebookInstances notebooks;
};

SageMaker::SageMaker(const Parts& parts)
    : documents_(parts.documents), families_(std::make_unique<Families>(parts)) {}

void SageMaker::add_resource_context(const std::string& resource_arn, const Call&,
                                     identity::Context& context) {
  if (resource_arn != "*") add_resource_tags(documents_.tags(resource_arn), "sagemaker", context);
}
SageMaker::~SageMaker() = default;

void SageMaker::create_training_job(const Maker& maker, const json::object& input,
                                    const std::function<void(store::Document&)>& finish) {
  const wire::Operation& operation = *maker.model.find_operation("CreateTrainingJob");
  wire::validate(maker.model, operation, input);
  AllowAll authorizer;
  const RequestHead request;
  Call call{maker.model, operation, maker.principal, maker.account, maker.region,
            "internal",  maker.now, request,         authorizer,    ""};
  const OperationEntry entry = families_->limits.guarded(
      {.name = operation.name,
       .plain = [&](const json::object& job,
                    Call& made) { return families_->training.create(job, made, finish); },
       .streaming = {}});
  entry.plain(input, call);
}

std::vector<OperationEntry> SageMaker::operations() {
  Families& f = *families_;
  Table table;
  table.add("AddTags", f.tagging, &Tagging::add_tags);
  table.add("ListTags", f.tagging, &Tagging::list_tags);
  table.add("DeleteTags", f.tagging, &Tagging::delete_tags);

  table.add("Search", f.search, &Search::search);

  table.add<TrainingJobs>("CreateTrainingJob", f.training, &TrainingJobs::create);
  table.add("DescribeTrainingJob", f.training, &TrainingJobs::describe, Table::Speed::kQuick);
  table.add("StopTrainingJob", f.training, &TrainingJobs::stop);
  table.add("UpdateTrainingJob", f.training, &TrainingJobs::update);
  table.add("DeleteTrainingJob", f.training, &TrainingJobs::remove);

  table.add("CreateHyperParameterTuningJob", f.tuning, &TuningJobs::create);
  table.add("DescribeHyperParameterTuningJob", f.tuning, &TuningJobs::describe,
            Table::Speed::kQuick);
  table.add("StopHyperParameterTuningJob", f.tuning, &TuningJobs::stop);
  table.add("DeleteHyperParameterTuningJob", f.tuning, &TuningJobs::remove);
  table.add("ListTrainingJobsForHyperParameterTuningJob", f.tuning,
            &TuningJobs::list_training_jobs);

  table.add("CreateProcessingJob", f.processing, &ProcessingJobs::create);
  table.add("StopProcessingJob", f.processing, &ProcessingJobs::stop);
  table.add("DeleteProcessingJob", f.processing, &ProcessingJobs::remove);

  table.add("CreateTransformJob", f.transform, &TransformJobs::create);
  table.add("StopTransformJob", f.transform, &TransformJobs::stop);

  table.add("CreateModel", f.hosting, &Hosting::create_model);
  table.add("CreateEndpointConfig", f.hosting, &Hosting::create_endpoint_config);
  table.add("CreateEndpoint", f.hosting, &Hosting::create_endpoint);
  table.add("UpdateEndpoint", f.hosting, &Hosting::update_endpoint);
  table.add("UpdateEndpointWeightsAndCapacities", f.hosting,
            &Hosting::update_weights_and_capacities);
  table.add("DeleteEndpoint", f.hosting, &Hosting::delete_endpoint);

  table.add("CreateNotebookInstance", f.notebooks, &NotebookInstances::create);
  table.add("DescribeNotebookInstance", f.notebooks, &NotebookInstances::describe,
            Table::Speed::kQuick);
  table.add("ListNotebookInstances", f.notebooks, &NotebookInstances::list);
  table.add("UpdateNotebookInstance", f.notebooks, &NotebookInstances::update);
  table.add("StartNotebookInstance", f.notebooks, &NotebookInstances::start);
  table.add("StopNotebookInstance", f.notebooks, &NotebookInstances::stop);
  table.add("DeleteNotebookInstance", f.notebooks, &NotebookInstances::remove);
  table.add("CreatePresignedNotebookInstanceUrl", f.notebooks, &NotebookInstances::create_url);

  table.add("DeleteExperiment", f.experiments, &Experiments::delete_experiment);
  table.add("CreateTrial", f.experiments, &Experiments::create_trial);
  table.add("DeleteTrial", f.experiments, &Experiments::delete_trial);
  table.add("ListTrials", f.experiments, &Experiments::list_trials);
  table.add("DeleteTrialComponent", f.experiments, &Experiments::delete_trial_component);
  table.add("ListTrialComponents", f.experiments, &Experiments::list_trial_components);
  table.add("AssociateTrialComponent", f.experiments, &Experiments::associate);
  table.add("DisassociateTrialComponent", f.experiments, &Experiments::disassociate);

  table.add("CreateArtifact", f.lineage, &Lineage::create_artifact);
  table.add("DeleteArtifact", f.lineage, &Lineage::delete_artifact);
  table.add("AddAssociation", f.lineage, &Lineage::add_association);
  table.add("DeleteAssociation", f.lineage, &Lineage::delete_association);
  table.add("ListAssociations", f.lineage, &Lineage::list_associations);

  table.add("DeleteModelPackageGroup", f.registry, &ModelRegistry::delete_group);
  table.add("PutModelPackageGroupPolicy", f.registry, &ModelRegistry::put_group_policy);
  table.add("GetModelPackageGroupPolicy", f.registry, &ModelRegistry::get_group_policy);
  table.add("DeleteModelPackageGroupPolicy", f.registry, &ModelRegistry::delete_group_policy);
  table.add("CreateModelPackage", f.registry, &ModelRegistry::create_package);
  table.add("UpdateModelPackage", f.registry, &ModelRegistry::update_package);
  table.add("ListModelPackages", f.registry, &ModelRegistry::list_packages);
  table.add("BatchDescribeModelPackage", f.registry, &ModelRegistry::batch_describe_packages);
  table.add("CreateAlgorithm", f.algorithms, &Algorithms::create);
  table.add("DescribeAlgorithm", f.algorithms, &Algorithms::describe);
  table.add("CreateModelCard", f.registry, &ModelRegistry::create_card);
  table.add("DescribeModelCard", f.registry, &ModelRegistry::describe_card);
  table.add("UpdateModelCard", f.registry, &ModelRegistry::update_card);
  table.add("ListModelCardVersions", f.registry, &ModelRegistry::list_card_versions);

  table.add("CreateHumanTaskUi", f.settings, &Settings::create_human_task_ui);

  for (const Kind& kind : all_kinds()) table.add_declared(kind, f.resources);
  std::vector<OperationEntry> entries = table.take();
  for (OperationEntry& entry : entries) entry = f.limits.guarded(std::move(entry));
  return entries;
}

}  // namespace clary::api::sagemaker
