/// The attempts of a run on its uploads and their acknowledgements.
struct UploadLedger {
    /// The state of a step: whether it was attempted and acknowledged.
    enum Step: Hashable, Comparable {
        case not, attempted, acknowledged
    }

    /// One upload whose `begin` was acknowledged.
    struct Upload {
        let id: String
        let plan: UploadPlan
        /// The number of bytes of acknowledged chunks.
        var receivedByteCount = 0
        /// The highest reported number of durable bytes.
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
