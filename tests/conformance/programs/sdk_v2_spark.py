"""SageMaker SDK v2: PySparkProcessor on one instance with helper files, settings and event logs, and
on two with data in S3."""

import pathlib

import sagemaker
from sagemaker.processing import ProcessingInput, ProcessingOutput
from sagemaker.spark.processing import PySparkProcessor

source = pathlib.Path(__file__).parent / "spark_source"
session = sagemaker.Session()
role = sagemaker.get_execution_role()
bucket = session.default_bucket()


def keys(prefix):
    listed = session.boto_session.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [item["Key"] for item in listed.get("Contents", [])]


pathlib.Path("text.txt").write_text("One fish, two fish.\nRed fish, blue fish.\n")
processor = PySparkProcessor(base_job_name="words", framework_version="3.3", role=role,
                             instance_count=1, instance_type="ml.m5.large",
                             max_runtime_in_seconds=600, sagemaker_session=session)
processor.run(
    str(source / "words.py"), submit_py_files=[str(source / "helper.py")],
    arguments=["/opt/ml/processing/input/text", "/opt/ml/processing/output/words"],
    inputs=[ProcessingInput(source="text.txt", destination="/opt/ml/processing/input/text")],
    outputs=[ProcessingOutput(source="/opt/ml/processing/output", output_name="out",
                              destination=f"s3://{bucket}/spark-v2/words")],
    configuration=[{"Classification": "spark-defaults",
                    "Properties": {"spark.sql.shuffle.partitions": "3"}}],
    spark_event_logs_s3_uri=f"s3://{bucket}/spark-v2/events", wait=True, logs=True)
assert any(key.endswith(".parquet") for key in keys("spark-v2/words/")), keys("spark-v2/")
events = keys("spark-v2/events/")
assert len(events) == 1 and not events[0].endswith(".inprogress"), events
assert "SparkListenerApplicationEnd" in session.read_s3_file(bucket, events[0])

session.upload_string_as_file_body("\n".join(map(str, range(1, 101))), bucket,
                                   "spark-v2/numbers/a.csv")
processor = PySparkProcessor(base_job_name="hosts", framework_version="3.3", role=role,
                             instance_count=2, instance_type="ml.m5.large",
                             max_runtime_in_seconds=600, sagemaker_session=session)
processor.run(str(source / "hosts.py"), wait=True, logs=True,
              arguments=[f"s3://{bucket}/spark-v2/numbers/", f"s3a://{bucket}/spark-v2/total"])
parts = [key for key in keys("spark-v2/total/") if key.endswith(".csv")]
assert [session.read_s3_file(bucket, key).strip() for key in parts] == ["5050"], parts
print("DONE")
