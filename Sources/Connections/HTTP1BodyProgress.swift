/// How much of a request's body has been decoded, and how much framing came with it.
struct HTTP1BodyProgress {
    /// Nil where the body comes in chunks.
    private let declaredByteCount: Int?
    private var contentByteCount = 0
    private var framingByteCount = 0
    /// Whether the portion that is being decoded began in this body.
    private var isInPortion = false

    init(declaredByteCount: Int?) {
        self.declaredByteCount = declaredByteCount
    }

    /// How much of the body may be decoded at once; at least a byte.
    ///
    /// Of a declared length it is all that is missing, so that no byte of the next request is with it.
    var portionByteCountMax: Int {
        max(1, declaredByteCount.map { $0 - contentByteCount } ?? HTTP1Limits.chunkedPortionByteCount)
    }

    /// Whether the chunks are so small, or their extensions so long, that they cost more than their content is worth.
    ///
    /// Only portions that lie within the body count; those at its ends may hold bytes of other requests.
    var hasExcessiveFraming: Bool {
        isInPortion && framingByteCount > HTTP1Limits.framingByteCountMax + 8 * contentByteCount
    }

    mutating func portionBegan(_ byteCount: Int) {
        isInPortion = true
        framingByteCount += byteCount
    }

    mutating func contentArrived(_ byteCount: Int) {
        contentByteCount += byteCount
        if isInPortion { framingByteCount -= byteCount }
    }
}
