//! `spark/connect/base.proto`: what is asked of a server, and what it answers.

use crate::proto::relation::Relation;

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Plan {
    #[prost(message, optional, tag = "1")]
    pub root: Option<Relation>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct User {
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(string, tag = "2")]
    pub name: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExecuteRequest {
    #[prost(string, tag = "1")]
    pub session: String,
    #[prost(message, optional, tag = "2")]
    pub user: Option<User>,
    #[prost(message, optional, tag = "3")]
    pub plan: Option<Plan>,
    #[prost(string, optional, tag = "4")]
    pub client: Option<String>,
    #[prost(message, repeated, tag = "5")]
    pub options: Vec<RequestOption>,
    #[prost(string, optional, tag = "6")]
    pub operation: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct RequestOption {
    #[prost(message, optional, tag = "1")]
    pub reattach: Option<Reattachable>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Reattachable {
    #[prost(bool, tag = "1")]
    pub reattachable: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ReattachRequest {
    #[prost(string, tag = "1")]
    pub session: String,
    #[prost(message, optional, tag = "2")]
    pub user: Option<User>,
    #[prost(string, tag = "3")]
    pub operation: String,
    #[prost(string, optional, tag = "4")]
    pub client: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub last_response: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ReleaseRequest {
    #[prost(string, tag = "1")]
    pub session: String,
    #[prost(message, optional, tag = "2")]
    pub user: Option<User>,
    #[prost(string, tag = "3")]
    pub operation: String,
    #[prost(string, optional, tag = "4")]
    pub client: Option<String>,
    #[prost(message, optional, tag = "5")]
    pub all: Option<Empty>,
    #[prost(message, optional, tag = "6")]
    pub until: Option<Until>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Empty {}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Until {
    #[prost(string, tag = "1")]
    pub response: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExecuteResponse {
    #[prost(message, optional, tag = "2")]
    pub batch: Option<ArrowBatch>,
    #[prost(string, tag = "13")]
    pub response: String,
    #[prost(message, optional, tag = "14")]
    pub complete: Option<Empty>,
    #[prost(message, optional, tag = "18")]
    pub progress: Option<ExecutionProgress>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ArrowBatch {
    #[prost(int64, tag = "1")]
    pub rows: i64,
    #[prost(bytes = "bytes", tag = "2")]
    pub data: bytes::Bytes,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExecutionProgress {
    #[prost(message, repeated, tag = "1")]
    pub stages: Vec<StageInfo>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct StageInfo {
    #[prost(int64, tag = "2")]
    pub tasks: i64,
    #[prost(int64, tag = "3")]
    pub completed: i64,
    #[prost(int64, tag = "4")]
    pub bytes: i64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AnalyzeRequest {
    #[prost(string, tag = "1")]
    pub session: String,
    #[prost(message, optional, tag = "2")]
    pub user: Option<User>,
    #[prost(string, optional, tag = "3")]
    pub client: Option<String>,
    #[prost(message, optional, tag = "4")]
    pub schema: Option<OfPlan>,
    #[prost(message, optional, tag = "5")]
    pub explain: Option<ExplainPlan>,
    #[prost(message, optional, tag = "10")]
    pub version: Option<Empty>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OfPlan {
    #[prost(message, optional, tag = "1")]
    pub plan: Option<Plan>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExplainPlan {
    #[prost(message, optional, tag = "1")]
    pub plan: Option<Plan>,
    #[prost(int32, tag = "2")]
    pub mode: i32,
}

impl ExplainPlan {
    /// The physical plan alone.
    pub const SIMPLE: i32 = 1;
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AnalyzeResponse {
    #[prost(message, optional, tag = "3")]
    pub explain: Option<Text>,
    #[prost(message, optional, tag = "8")]
    pub version: Option<Text>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Text {
    #[prost(string, tag = "1")]
    pub text: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConfigRequest {
    #[prost(string, tag = "1")]
    pub session: String,
    #[prost(message, optional, tag = "2")]
    pub user: Option<User>,
    #[prost(message, optional, tag = "3")]
    pub operation: Option<ConfigOperation>,
    #[prost(string, optional, tag = "4")]
    pub client: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConfigOperation {
    #[prost(message, optional, tag = "1")]
    pub set: Option<Pairs>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Pairs {
    #[prost(message, repeated, tag = "1")]
    pub pairs: Vec<Pair>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Pair {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, optional, tag = "2")]
    pub value: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct InterruptRequest {
    #[prost(string, tag = "1")]
    pub session: String,
    #[prost(message, optional, tag = "2")]
    pub user: Option<User>,
    #[prost(string, optional, tag = "3")]
    pub client: Option<String>,
    #[prost(int32, tag = "4")]
    pub kind: i32,
    #[prost(string, optional, tag = "6")]
    pub operation: Option<String>,
}

impl InterruptRequest {
    /// Every operation of the session.
    pub const ALL: i32 = 1;
    /// The operation of a number.
    pub const OPERATION: i32 = 3;
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ReleaseSessionRequest {
    #[prost(string, tag = "1")]
    pub session: String,
    #[prost(message, optional, tag = "2")]
    pub user: Option<User>,
    #[prost(string, optional, tag = "3")]
    pub client: Option<String>,
}
