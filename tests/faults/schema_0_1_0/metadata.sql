BEGIN TRANSACTION;
CREATE TABLE access_keys(
  id TEXT PRIMARY KEY, secret TEXT NOT NULL, token TEXT NOT NULL, expires INTEGER,
  active INTEGER NOT NULL, local INTEGER NOT NULL, created INTEGER NOT NULL,
  kind INTEGER NOT NULL, account TEXT NOT NULL, arn TEXT NOT NULL, user_id TEXT NOT NULL,
  name TEXT NOT NULL, session_policy TEXT NOT NULL, session_tags TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "access_keys" VALUES('AKIA56S2TCR3Y7PVHHTT','XSErYGlIIIi8Zd1ID+NIRKGVf6k3Z50veCKztPRE','',NULL,1,1,1795393512287,2,'000000000000','arn:aws:sts::000000000000:assumed-role/ClaryExecutionRole/local','AROA3TYZARZVZRMDHQAX5:local','ClaryExecutionRole','','{}');
INSERT INTO "access_keys" VALUES('ASIAIDQXD3CEGOW2V2LB','HSmS2zumB0Q4VBVd6LyTi4UByyzBbL9L6Xi0ex8G','FwoClaryjq2U2KyeYn0WZCBtBJ5al26LzBvee7tLOJ91SFosHlQXFn2PK/4QK92h8Ylg5fmdjZtsgYXVS5/DgMOrIielJnzje9A6/4IpVI3Hw4tlOY8diod92pPwHMRguyVL73cqJIPyXX9+aNGPkKQb6gDHTsBVn13X4bKq',1795480513634,1,0,1795393513634,2,'000000000000','arn:aws:sts::000000000000:assumed-role/ClaryExecutionRole/SageMaker','AROA3TYZARZVZRMDHQAX5:SageMaker','ClaryExecutionRole','','{}');
CREATE TABLE document_secrets(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "document_secrets" VALUES('page-token','53e9ae950d64fd88f4c82417a4f2f21516027a08abcdd0f98a0b82bb86f094c0');
CREATE TABLE document_tags(
  arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(arn,key)) WITHOUT ROWID;
CREATE TABLE documents(
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
  arn TEXT NOT NULL, status TEXT NOT NULL, parent TEXT NOT NULL,
  created INTEGER NOT NULL, modified INTEGER NOT NULL, version INTEGER NOT NULL,
  body TEXT NOT NULL, internal TEXT NOT NULL);
INSERT INTO "documents" VALUES(1,'training-job','000000000000','us-east-1','job-9b1bd5226134','arn:aws:sagemaker:us-east-1:000000000000:training-job/job-9b1bd5226134','Completed','',1795393513620,1795393513884,6,'{"TrainingJobName":"job-9b1bd5226134","RoleArn":"arn:aws:iam::000000000000:role/ClaryExecutionRole","AlgorithmSpecification":{"TrainingImage":"683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1","TrainingInputMode":"File","EnableSageMakerMetricsTimeSeries":false},"HyperParameters":{"objective":"binary:logistic","num_round":"10","max_depth":"4","eta":"0.3","eval_metric":"auc"},"InputDataConfig":[{"ChannelName":"train","ContentType":"text/csv","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://kept/train/","S3DataDistributionType":"FullyReplicated"}},"CompressionType":"None","RecordWrapperType":"None"},{"ChannelName":"validation","ContentType":"text/csv","DataSource":{"S3DataSource":{"S3DataType":"S3Prefix","S3Uri":"s3://kept/validation/","S3DataDistributionType":"FullyReplicated"}},"CompressionType":"None","RecordWrapperType":"None"}],"OutputDataConfig":{"S3OutputPath":"s3://kept/output","KmsKeyId":"","CompressionType":"GZIP"},"ResourceConfig":{"InstanceType":"ml.m5.large","InstanceCount":1,"VolumeSizeInGB":10},"StoppingCondition":{"MaxRuntimeInSeconds":600},"TrainingJobArn":"arn:aws:sagemaker:us-east-1:000000000000:training-job/job-9b1bd5226134","TrainingJobStatus":"Completed","EnableNetworkIsolation":false,"EnableInterContainerTrafficEncryption":false,"EnableManagedSpotTraining":false,"ProfilingStatus":"Disabled","ModelArtifacts":{"S3ModelArtifacts":"s3://kept/output/job-9b1bd5226134/output/model.tar.gz"},"SecondaryStatus":"Completed","SecondaryStatusTransitions":[{"Status":"Starting","StartTime":1.795393513643E9,"StatusMessage":"Preparing the instances for training","EndTime":1.79539351367E9},{"Status":"Downloading","StartTime":1.79539351367E9,"StatusMessage":"Downloading input data","EndTime":1.795393513689E9},{"Status":"Training","StartTime":1.795393513689E9,"StatusMessage":"Training image download completed. Training in progress.","EndTime":1.795393513871E9},{"Status":"Uploading","StartTime":1.795393513871E9,"StatusMessage":"Uploading generated training model","EndTime":1.795393513883E9},{"Status":"Completed","StartTime":1.795393513883E9,"StatusMessage":"Training job completed","EndTime":1.795393513883E9}],"TrainingStartTime":1.79539351367E9,"FinalMetricDataList":[{"MetricName":"train:auc","Value":9.55E-1,"Timestamp":1.795393513851E9},{"MetricName":"validation:auc","Value":8.8152E-1,"Timestamp":1.795393513851E9}],"TrainingEndTime":1.795393513883E9,"TrainingTimeInSeconds":1,"BillableTimeInSeconds":1}','{"run_id":"training-job-job-9b1bd5226134-cba2ae15"}');
INSERT INTO "documents" VALUES(2,'experiment-trial-component','000000000000','us-east-1','job-9b1bd5226134-aws-training-job','arn:aws:sagemaker:us-east-1:000000000000:experiment-trial-component/job-9b1bd5226134-aws-training-job','','',1795393513670,1795393513885,2,'{"TrialComponentName":"job-9b1bd5226134-aws-training-job","TrialComponentArn":"arn:aws:sagemaker:us-east-1:000000000000:experiment-trial-component/job-9b1bd5226134-aws-training-job","DisplayName":"job-9b1bd5226134-aws-training-job","Source":{"SourceArn":"arn:aws:sagemaker:us-east-1:000000000000:training-job/job-9b1bd5226134","SourceType":"SageMakerTrainingJob"},"Parameters":{"objective":{"StringValue":"binary:logistic"},"num_round":{"NumberValue":1E1},"max_depth":{"NumberValue":4E0},"eta":{"NumberValue":3E-1},"eval_metric":{"StringValue":"auc"},"SageMaker.ImageUri":{"StringValue":"683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"},"SageMaker.InstanceType":{"StringValue":"ml.m5.large"},"SageMaker.InstanceCount":{"NumberValue":1},"SageMaker.VolumeSizeInGB":{"NumberValue":10}},"InputArtifacts":{"train":{"MediaType":"text/csv","Value":"s3://kept/train/"},"validation":{"MediaType":"text/csv","Value":"s3://kept/validation/"}},"Status":{"PrimaryStatus":"Completed","Message":"Status: Completed"},"StartTime":1.79539351367E9,"EndTime":1.795393513883E9,"Metrics":[{"MetricName":"train:auc","SourceArn":"arn:aws:sagemaker:us-east-1:000000000000:training-job/job-9b1bd5226134","TimeStamp":1.795393513851E9,"Last":9.55E-1},{"MetricName":"validation:auc","SourceArn":"arn:aws:sagemaker:us-east-1:000000000000:training-job/job-9b1bd5226134","TimeStamp":1.795393513851E9,"Last":8.8152E-1}],"OutputArtifacts":{"SageMaker.ModelArtifact":{"Value":"s3://kept/output/job-9b1bd5226134/output/model.tar.gz"}}}','{}');
CREATE TABLE log_counter(next_id INTEGER NOT NULL);
INSERT INTO "log_counter" VALUES(13);
CREATE TABLE log_events(
  stream_id INTEGER NOT NULL, time INTEGER NOT NULL, id INTEGER NOT NULL,
  ingested INTEGER NOT NULL, message TEXT NOT NULL, PRIMARY KEY(stream_id,time,id)) WITHOUT ROWID;
INSERT INTO "log_events" VALUES(1,1795393513750,1,1795393513772,'[2026-11-23:00:25:13:INFO] Train matrix has 2333 rows and 69 columns');
INSERT INTO "log_events" VALUES(1,1795393513751,2,1795393513772,'[2026-11-23:00:25:13:INFO] Validation matrix has 666 rows');
INSERT INTO "log_events" VALUES(1,1795393513835,3,1795393513852,'[0]	train-auc:0.90309	validation-auc:0.84052');
INSERT INTO "log_events" VALUES(1,1795393513835,4,1795393513852,'[1]	train-auc:0.92691	validation-auc:0.85119');
INSERT INTO "log_events" VALUES(1,1795393513835,5,1795393513852,'[2]	train-auc:0.93317	validation-auc:0.86552');
INSERT INTO "log_events" VALUES(1,1795393513835,6,1795393513852,'[3]	train-auc:0.93592	validation-auc:0.86785');
INSERT INTO "log_events" VALUES(1,1795393513835,7,1795393513852,'[4]	train-auc:0.93835	validation-auc:0.86700');
INSERT INTO "log_events" VALUES(1,1795393513836,8,1795393513852,'[5]	train-auc:0.94063	validation-auc:0.86570');
INSERT INTO "log_events" VALUES(1,1795393513836,9,1795393513852,'[6]	train-auc:0.94140	validation-auc:0.86821');
INSERT INTO "log_events" VALUES(1,1795393513851,10,1795393513852,'[7]	train-auc:0.94210	validation-auc:0.86773');
INSERT INTO "log_events" VALUES(1,1795393513851,11,1795393513852,'[8]	train-auc:0.95458	validation-auc:0.87783');
INSERT INTO "log_events" VALUES(1,1795393513851,12,1795393513852,'[9]	train-auc:0.95500	validation-auc:0.88152');
CREATE TABLE log_garbage(stream_id INTEGER PRIMARY KEY);
CREATE TABLE log_groups(
  id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL,
  created INTEGER NOT NULL, retention_days INTEGER, stored_bytes INTEGER NOT NULL DEFAULT 0);
INSERT INTO "log_groups" VALUES(1,'000000000000','us-east-1','/aws/sagemaker/TrainingJobs',1795393513772,NULL,877);
CREATE TABLE log_streams(
  id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
  first_event INTEGER NOT NULL DEFAULT 0, last_event INTEGER NOT NULL DEFAULT 0,
  last_ingestion INTEGER NOT NULL DEFAULT 0);
INSERT INTO "log_streams" VALUES(1,1,'job-9b1bd5226134/algo-1-1795393513620',1795393513772,1795393513750,1795393513851,1795393513852);
CREATE TABLE metric_counter(next_id INTEGER NOT NULL);
INSERT INTO "metric_counter" VALUES(21);
CREATE TABLE metric_points(
  metric_id INTEGER NOT NULL, time INTEGER NOT NULL, id INTEGER NOT NULL, level INTEGER NOT NULL,
  sum REAL NOT NULL, minimum REAL NOT NULL, maximum REAL NOT NULL, count REAL NOT NULL,
  unit TEXT NOT NULL, PRIMARY KEY(metric_id,time,id)) WITHOUT ROWID;
INSERT INTO "metric_points" VALUES(1,1795393513835,1,0,0.90309,0.90309,0.90309,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513835,2,0,0.92691,0.92691,0.92691,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513835,3,0,0.93317,0.93317,0.93317,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513835,4,0,0.93592,0.93592,0.93592,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513835,5,0,0.93835,0.93835,0.93835,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513836,6,0,0.94063,0.94063,0.94063,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513836,7,0,0.9414,0.9414,0.9414,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513851,8,0,0.9421,0.9421,0.9421,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513851,9,0,0.95458,0.95458,0.95458,1.0,'None');
INSERT INTO "metric_points" VALUES(1,1795393513851,10,0,0.955,0.955,0.955,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513835,11,0,0.84052,0.84052,0.84052,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513835,12,0,0.85119,0.85119,0.85119,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513835,13,0,0.86552,0.86552,0.86552,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513835,14,0,0.86785,0.86785,0.86785,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513835,15,0,0.867,0.867,0.867,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513836,16,0,0.8657,0.8657,0.8657,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513836,17,0,0.86821,0.86821,0.86821,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513851,18,0,0.86773,0.86773,0.86773,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513851,19,0,0.87783,0.87783,0.87783,1.0,'None');
INSERT INTO "metric_points" VALUES(2,1795393513851,20,0,0.88152,0.88152,0.88152,1.0,'None');
CREATE TABLE metrics(
  id INTEGER PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, namespace TEXT NOT NULL,
  name TEXT NOT NULL, dimensions TEXT NOT NULL, last_seen INTEGER NOT NULL,
  looked_after INTEGER NOT NULL);
INSERT INTO "metrics" VALUES(1,'000000000000','us-east-1','/aws/sagemaker/TrainingJobs','train:auc','{"TrainingJobName":"job-9b1bd5226134"}',1795393513851,1795393513851);
INSERT INTO "metrics" VALUES(2,'000000000000','us-east-1','/aws/sagemaker/TrainingJobs','validation:auc','{"TrainingJobName":"job-9b1bd5226134"}',1795393513851,1795393513851);
CREATE TABLE policies(
  arn TEXT PRIMARY KEY, account TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE,
  path TEXT NOT NULL, id TEXT NOT NULL, description TEXT NOT NULL, default_version TEXT NOT NULL,
  versions TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL, tags TEXT NOT NULL)
  WITHOUT ROWID;
CREATE TABLE roles(
  account TEXT NOT NULL, name TEXT NOT NULL COLLATE NOCASE, path TEXT NOT NULL, id TEXT NOT NULL,
  arn TEXT NOT NULL UNIQUE, trust_policy TEXT NOT NULL, description TEXT NOT NULL,
  max_session_seconds INTEGER NOT NULL, created INTEGER NOT NULL, attached TEXT NOT NULL,
  inline_policies TEXT NOT NULL, tags TEXT NOT NULL, PRIMARY KEY(account,name)) WITHOUT ROWID;
INSERT INTO "roles" VALUES('000000000000','ClaryExecutionRole','/','AROA3TYZARZVZRMDHQAX5','arn:aws:iam::000000000000:role/ClaryExecutionRole','{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["sagemaker.amazonaws.com","scheduler.amazonaws.com"]},"Action":"sts:AssumeRole"}]}','The role that Clary''s jobs and endpoints use unless another is named.',43200,1795393512287,'["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess","arn:aws:iam::aws:policy/AmazonS3FullAccess"]','{}','{}');
INSERT INTO "roles" VALUES('000000000000','Kept','/','AROAUC2VKIXU3RIMORUUE','arn:aws:iam::000000000000:role/Kept','{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}','',3600,1795393514044,'[]','{"p":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}"}','{}');
CREATE TABLE runs(number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, spec TEXT NOT NULL,access TEXT NOT NULL, state TEXT NOT NULL, applied INTEGER NOT NULL);
CREATE TABLE schema_versions(module TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO "schema_versions" VALUES('credentials',1);
INSERT INTO "schema_versions" VALUES('documents',1);
INSERT INTO "schema_versions" VALUES('log_events',1);
INSERT INTO "schema_versions" VALUES('metric_points',1);
INSERT INTO "schema_versions" VALUES('policies',1);
INSERT INTO "schema_versions" VALUES('roles',1);
INSERT INTO "schema_versions" VALUES('runs',1);
CREATE UNIQUE INDEX documents_name ON documents(kind,account,region,name);
CREATE UNIQUE INDEX documents_arn ON documents(arn) WHERE arn<>'';
CREATE INDEX documents_created ON documents(kind,account,region,created,name);
CREATE INDEX documents_modified ON documents(kind,account,region,modified,name);
CREATE INDEX documents_status_created ON documents(kind,status,account,region,created,name);
CREATE INDEX documents_status_modified ON documents(kind,account,region,status,modified,name);
CREATE INDEX documents_status_name ON documents(kind,account,region,status,name);
CREATE INDEX documents_parent ON documents(kind,account,region,parent,created,name)
  WHERE parent<>'';
CREATE UNIQUE INDEX log_groups_name ON log_groups(account,region,name);
CREATE UNIQUE INDEX log_streams_name ON log_streams(group_id,name);
CREATE INDEX log_streams_last_event ON log_streams(group_id,last_event,name);
CREATE UNIQUE INDEX metrics_name ON metrics(account,region,namespace,name,dimensions);
CREATE INDEX metrics_looked_after ON metrics(looked_after);
CREATE UNIQUE INDEX access_keys_local ON access_keys(account) WHERE local=1;
CREATE INDEX access_keys_expires ON access_keys(expires) WHERE expires IS NOT NULL;
CREATE INDEX access_keys_arn ON access_keys(arn,created) WHERE expires IS NULL;
CREATE UNIQUE INDEX policies_name ON policies(account,name);
COMMIT;
