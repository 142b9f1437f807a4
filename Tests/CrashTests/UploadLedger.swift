/// What a run asked of its uploads and what it was promised.
struct UploadLedger {
    /// A step that was asked for, and perhaps answered.
    enum Step: Hashable, Comparable {
        case not, attempted, acknowledged
    }

    /// One upload that `begin` has answered.
    struct Upload {
        let id: String
        let plan: UploadPlan
        /// Bytes of the chunks that were answered.
        var receivedByteCount = 0
        /// The most that was reported to be durable.
        var durableByteCount = 0
        var completed = Step.not
        var claimed = Step.not
        /// Aborted while it was an upload, or removed when it was a blob.
        var removed = Step.not
    }

    /// By the name of the plan.
    private(set) var uploads: [String: Upload] = [:]

    mutating func begin(_ plan: UploadPlan, _ id: String) {
        uploads[plan.name] = Upload(id: id, plan: plan)
    }

    mutating func change(_ plan: UploadPlan, _ change: (inout Upload) -> Void) {
        guard var upload = uploads[plan.name] else { preconditionFailure("the upload has begun") }
        change(&upload)
        uploads[plan.name] = upload
    }
}
