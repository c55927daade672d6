"""Processing and transform jobs, logs and metrics."""

import re

import aws
import frameworks
import pytest
from console import WORK_MS
from playwright.sync_api import expect

CODE = "/opt/ml/processing/input/code"


@pytest.fixture(scope="module")
def processed(clients, churn):
    """A processing job that writes a file, a line and an exit message."""
    clients.s3.put_object(Bucket=churn, Key="code/work.py", Body=(
        "print('counting the rows')\n"
        "open('/opt/ml/processing/output/rows.txt', 'w').write('2333')\n"
        "open('/opt/ml/output/message', 'w').write('all counted')\n"))
    name = aws.unique("count")
    clients.sagemaker.create_processing_job(
        ProcessingJobName=name, RoleArn=clients.role, Environment={"PART": "train"},
        AppSpecification={"ImageUri": frameworks.PLAIN_IMAGE,
                          "ContainerEntrypoint": ["python3", CODE + "/work.py"]},
        ProcessingInputs=[{"InputName": "code", "S3Input": {
            "S3Uri": f"s3://{churn}/code/work.py", "LocalPath": CODE, "S3DataType": "S3Prefix",
            "S3InputMode": "File"}}],
        ProcessingOutputConfig={"Outputs": [{"OutputName": "rows", "S3Output": {
            "S3Uri": f"s3://{churn}/rows", "LocalPath": "/opt/ml/processing/output",
            "S3UploadMode": "EndOfJob"}}]},
        ProcessingResources={"ClusterConfig": {"InstanceType": "ml.t3.medium", "InstanceCount": 1,
                                               "VolumeSizeInGB": 1}})
    job = aws.wait_processing(clients, name, WORK_MS / 1000)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    return name


def test_processing(owner, churn, processed):
    page = owner.open("/processing")
    expect(page.get_by_role("link", name=processed)).to_be_visible()
    owner.check("processing")
    page.get_by_role("link", name=processed).click()
    expect(page.get_by_text(f"s3://{churn}/rows")).to_be_visible()
    expect(page.get_by_role("rowheader", name="PART")).to_be_visible()
    owner.check("processing-job")
    owner.check_narrow("processing-job")
    page.get_by_role("tab", name="Logs").click()
    expect(page.get_by_role("log")).to_contain_text("counting the rows")


def test_a_processing_job_cloned_in_the_form(owner, clients, churn, processed):
    """The form has what the job was made of; what it makes runs, and says the same but its name."""
    page = owner.open("/processing/~create")
    page.get_by_role("button", name="Create the processing job").click()
    expect(page.get_by_text("Some fields above are empty")).to_be_visible()
    owner.open(f"/processing/{processed}")
    page.get_by_role("link", name="Clone and edit").click()
    expect(page.get_by_role("textbox", name="Image")).to_have_value(frameworks.PLAIN_IMAGE)
    expect(page.get_by_role("textbox", name="Entrypoint")).to_have_value(f"python3\n{CODE}/work.py")
    places = page.get_by_role("combobox", name="In S3")
    expect(places.nth(0)).to_have_value(f"s3://{churn}/code/work.py")
    expect(places.nth(1)).to_have_value(f"s3://{churn}/rows")
    name = aws.unique("again")
    page.get_by_role("textbox", name="Name", exact=True).first.fill(name)
    owner.check("processing-create")
    owner.check_narrow("processing-create")
    page.get_by_role("button", name="Create the processing job").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    job = aws.wait_processing(clients, name, WORK_MS / 1000)
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    before = clients.sagemaker.describe_processing_job(ProcessingJobName=processed)
    for member in ("AppSpecification", "ProcessingInputs", "ProcessingOutputConfig", "Environment",
                   "ProcessingResources", "RoleArn"):
        assert job[member] == before[member], member


def test_a_transform_job_from_the_form_and_its_clone(owner, clients, churn, trained):
    """Made from nothing, with the model completed as it is typed; then once more from the job."""
    clients.s3.put_object(Bucket=churn, Key="form/test.csv", Body=aws.churn_features()[0][0])
    model = aws.create_model(clients, trained["ModelArtifacts"]["S3ModelArtifacts"])
    name = aws.unique("batch")
    page = owner.open("/transform")
    page.get_by_role("link", name="Create a transform job").click()
    page.get_by_role("textbox", name="Name").fill(name)
    page.get_by_role("combobox", name="Model").fill(model)
    page.get_by_role("option", name=model, exact=True).click()
    page.get_by_role("combobox", name="Input in S3").fill(f"s3://{churn}/form/")
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Output in S3").fill(f"s3://{churn}/formed")
    page.keyboard.press("Escape")
    owner.check("transform-create")
    owner.check_narrow("transform-create")
    page.get_by_role("button", name="Create the transform job").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    job = aws.wait_transform(clients, name, WORK_MS / 1000)
    assert job["TransformJobStatus"] == "Completed", job.get("FailureReason")
    assert clients.s3.get_object(Bucket=churn, Key="formed/test.csv.out")["Body"].read()
    page.get_by_role("link", name="Clone and edit").click()
    expect(page.get_by_role("combobox", name="Input in S3")).to_have_value(f"s3://{churn}/form/")
    clone = aws.unique("batch")
    page.get_by_role("textbox", name="Name").fill(clone)
    page.get_by_role("button", name="Create the transform job").click()
    expect(page.get_by_role("heading", name=clone, level=1)).to_be_visible()
    again = aws.wait_transform(clients, clone, WORK_MS / 1000)
    for member in ("ModelName", "TransformInput", "TransformOutput", "TransformResources"):
        assert again[member] == job[member], member


def test_transform(owner, clients, churn, trained):
    """A job over the test rows, watched from its page to its end."""
    rows = b"\n".join(aws.churn_features()[0])
    clients.s3.put_object(Bucket=churn, Key="batch/test.csv", Body=rows)
    model = aws.create_model(clients, trained["ModelArtifacts"]["S3ModelArtifacts"])
    name = aws.unique("batch")
    clients.sagemaker.create_transform_job(
        TransformJobName=name, ModelName=model,
        TransformInput={"DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix", "S3Uri": f"s3://{churn}/batch/"}},
            "ContentType": "text/csv", "SplitType": "Line"},
        TransformOutput={"S3OutputPath": f"s3://{churn}/answers", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1})
    page = owner.open("/transform")
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("link", name=model)).to_be_visible()
    expect(page.get_by_text("Completed").first).to_be_visible(timeout=WORK_MS)
    owner.check("transform-job")
    page.get_by_role("tab", name="Logs").click()
    expect(page.get_by_role("tabpanel")).to_be_visible()
    owner.open("/transform")
    expect(page.get_by_role("link", name=name)).to_be_visible()
    owner.check("transform")


def test_logs(owner, clients, trained, processed):
    """From the groups to a stream's lines; names with slashes make whole addresses."""
    page = owner.open("/logs")
    expect(page.get_by_role("link", name="/aws/sagemaker/ProcessingJobs")).to_be_visible()
    owner.check("logs")
    page.get_by_role("link", name="/aws/sagemaker/TrainingJobs").click()
    expect(page.get_by_role("heading", name="/aws/sagemaker/TrainingJobs")).to_be_visible()
    page.get_by_role("searchbox", name="Names that begin with").fill(trained["TrainingJobName"])
    # One instance, one stream, in one row.
    known, = clients.logs.describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs",
        logStreamNamePrefix=trained["TrainingJobName"] + "/")["logStreams"]
    stream = page.get_by_role("link", name=trained["TrainingJobName"] + "/algo-1")
    expect(stream).to_have_text(known["logStreamName"])
    owner.check("logs-group")
    stream.click()
    expect(page.get_by_role("log")).to_contain_text("validation-auc")
    page.reload()
    expect(page.get_by_role("log")).to_contain_text("validation-auc")
    owner.check("logs-stream")
    owner.check_narrow("logs-stream")


def test_metrics(owner, trained):
    """Chosen from what there is; the choice is in the address."""
    page = owner.open("/metrics")
    expect(page.get_by_text("Choose metrics to see them here.")).to_be_visible()
    owner.open("/metrics?ns=Clary%2FCapacity&range=15m")
    page.get_by_role("button", name="Metrics").first.click()
    page.get_by_role("option", name="CPUs", exact=True).click()
    page.get_by_role("option", name="JobsRunning").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("application", name="Average over time")).to_be_visible()
    page.reload()
    expect(page.get_by_role("application", name=re.compile("CPUs:.*JobsRunning:"))).to_be_visible()
    owner.check("metrics")
    owner.check_narrow("metrics")
