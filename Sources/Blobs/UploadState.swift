package import Disk

/// The rules of one upload, as a state machine that performs no I/O: ``Upload`` asks it and obeys.
///
/// Chunks arrive strictly in order, one at a time, each at most the hard maximum. Their lengths need not be the announced
/// one, because the official client ignores it. The last chunk may be repeated with the same bytes: so a client can
/// repeat it if it did not receive the response. A chunk that is arriving may be sent again by a newer request, which
/// replaces the older one: the connection of the older one may be dead, which the server notices only minutes later.
package struct UploadState: Sendable, Hashable {
    package struct Limits: Sendable, Hashable {
        package let chunkByteCountMax: Int
        package let chunkCountMax: Int
        /// Of a file that did not declare its size.
        package var byteCountMax = Int64.max
    }

    package enum Phase: Sendable, Hashable {
        case receiving, completing, complete
        /// A write or sync failed, and what it left on the disk is unknown.
        case latched(Latch)
        /// Aborted, expired or claimed.
        case gone
    }

    /// A chunk that counts: its bytes and its journal line are written.
    package struct Chunk: Sendable, Hashable {
        package let index: Int
        package let byteCount: Int
        /// XXH3-128 of its bytes, in hex.
        package let digest: String
    }

    /// The chunk that is arriving, in one request.
    package struct Arrival: Sendable, Hashable {
        package enum Stage: Sendable, Hashable {
            case arriving
            /// A newer request sends the chunk: the bytes of this one are to be discarded.
            case superseded
            /// All its bytes have arrived, and are being written.
            case ending
        }

        /// Distinguishes it from all others of the upload in this process.
        package let number: Int
        package let index: Int
        /// Whether it is the last chunk again: then its bytes are only compared, by their digest.
        package let isRepeat: Bool
        package fileprivate(set) var byteCount = 0
        package fileprivate(set) var stage = Stage.arriving
    }

    /// The declared size of the file; nil if its length shows only when its last byte has arrived.
    package let byteCount: Int64?
    package let limits: Limits
    package private(set) var phase = Phase.receiving
    package private(set) var lastChunk: Chunk?
    package private(set) var receivedByteCount: Int64 = 0
    package private(set) var arrival: Arrival?
    private var arrivalCount = 0

    package init(byteCount: Int64?, limits: Limits) {
        self.byteCount = byteCount
        self.limits = limits
    }

    /// Makes the state of an upload of which recovery found these chunks.
    package init(byteCount: Int64?, limits: Limits, receivedByteCount: Int64, lastChunk: Chunk?) {
        self.init(byteCount: byteCount, limits: limits)
        self.receivedByteCount = receivedByteCount
        self.lastChunk = lastChunk
    }

    /// Makes the state of a complete upload.
    package init(completed byteCount: Int64, chunkCount: Int) {
        self.init(byteCount: byteCount, limits: Limits(chunkByteCountMax: 0, chunkCountMax: 0))
        phase = .complete
        receivedByteCount = byteCount
        if chunkCount > 0 { lastChunk = Chunk(index: chunkCount - 1, byteCount: 0, digest: "") }
    }

    package var nextChunkIndex: Int {
        lastChunk.map { $0.index + 1 } ?? 0
    }

    /// Admits a chunk: it is arriving until ``commit(_:)`` or ``cancel()``.
    ///
    /// Returns nil if it is arriving already in an older request, which is superseded unless it is ending. Ask again when
    /// that one has ended.
    package mutating func receive(chunk index: Int) throws(UploadError) -> Arrival? {
        try checkUsable()
        if phase == .complete { throw .alreadyComplete }
        guard phase == .receiving else { throw .busy }
        if let older = arrival {
            guard older.index == index else { throw .busy }
            if older.stage == .arriving { arrival?.stage = .superseded }
            return nil
        }
        let isRepeat = index == lastChunk?.index
        if index == nextChunkIndex {
            guard index < limits.chunkCountMax else {
                throw .tooManyChunks(count: index + 1, countMax: limits.chunkCountMax)
            }
        } else if !isRepeat {
            throw .outOfOrder(expected: nextChunkIndex, received: index)
        }
        let arrival = Arrival(number: arrivalCount, index: index, isRepeat: isRepeat)
        arrivalCount += 1
        self.arrival = arrival
        return arrival
    }

    /// Returns the arrival of this number, or throws if a newer request has replaced it.
    @discardableResult
    package func arriving(_ number: Int) throws(UploadError) -> Arrival {
        guard let arrival, arrival.number == number, arrival.stage == .arriving else { throw .superseded }
        return arrival
    }

    /// Counts bytes of the arriving chunk, or throws why they are refused.
    package mutating func add(_ count: Int, to number: Int) throws(UploadError) {
        try checkUsable()
        var arrival = try arriving(number)
        arrival.byteCount += count
        if arrival.byteCount > limits.chunkByteCountMax {
            throw .chunkTooLarge(byteCountMax: limits.chunkByteCountMax)
        }
        if arrival.isRepeat {
            if arrival.byteCount > lastChunk?.byteCount ?? 0 { throw differingRepeat }
        } else if let byteCount, Int64(arrival.byteCount) > byteCount - receivedByteCount {
            throw .tooManyBytes(byteCountMax: byteCount)
        } else if Int64(arrival.byteCount) > limits.byteCountMax - receivedByteCount {
            let byteCount = receivedByteCount + Int64(arrival.byteCount)
            throw .fileTooLarge(byteCount: byteCount, byteCountMax: limits.byteCountMax)
        }
        self.arrival = arrival
    }

    /// Notes that all bytes of the arriving chunk have arrived: no newer request replaces it any more.
    package mutating func end(_ number: Int) throws(UploadError) {
        try arriving(number)
        arrival?.stage = .ending
    }

    /// Returns the ending chunk, which has this digest, or throws why it does not count.
    package func chunk(_ number: Int, withDigest digest: String) throws(UploadError) -> Chunk {
        guard let arrival, arrival.number == number else { throw .superseded }
        try checkUsable()
        let chunk = Chunk(index: arrival.index, byteCount: arrival.byteCount, digest: digest)
        if arrival.isRepeat, chunk != lastChunk { throw differingRepeat }
        return chunk
    }

    /// Counts the arriving chunk; a repeated one changes nothing.
    ///
    /// - Precondition: `chunk` is what ``chunk(withDigest:)`` returned for it.
    package mutating func commit(_ chunk: Chunk) {
        guard let arrival else { preconditionFailure("no chunk is arriving") }
        if !arrival.isRepeat {
            lastChunk = chunk
            receivedByteCount += Int64(chunk.byteCount)
        }
        self.arrival = nil
    }

    /// Discards the arriving chunk, if there is one.
    package mutating func cancel() {
        arrival = nil
    }

    /// Begins to complete the upload; returns false if it is complete already.
    ///
    /// No chunk is admitted until ``endCompleting(_:)``. `end` is the length of a file that did not declare it, which
    /// only the request that sends it knows: after that request, it is unknown whether the file is whole.
    package mutating func complete(at end: Int64? = nil) throws(UploadError) -> Bool {
        try checkUsable()
        if phase == .complete { return false }
        guard phase == .receiving else { throw .busy }
        let expected = byteCount ?? end
        guard receivedByteCount == expected else {
            throw arrival == nil ? .incomplete(received: receivedByteCount, expected: expected) : .busy
        }
        // What arrives can only be the last chunk again, perhaps on a dead connection.
        arrival = nil
        phase = .completing
        return true
    }

    /// Ends completing; if it failed and the upload is not latched, it may be completed again.
    package mutating func endCompleting(_ isComplete: Bool) {
        if phase == .completing { phase = isComplete ? .complete : .receiving }
    }

    /// Throws unless the upload may be claimed.
    package func checkClaimable() throws(UploadError) {
        switch phase {
        case .complete: return
        case .latched(let latch): throw .storage(.latched(latch))
        case .receiving, .completing, .gone: throw .unknownToken
        }
    }

    /// Refuses everything but removal from now on; the first latch stays.
    package mutating func latch(_ latch: Latch) {
        switch phase {
        case .latched, .gone: break
        case .receiving, .completing, .complete: phase = .latched(latch)
        }
    }

    /// Marks the upload as gone; returns false if it was gone before.
    package mutating func leave() -> Bool {
        defer { phase = .gone }
        return phase != .gone
    }

    private func checkUsable() throws(UploadError) {
        switch phase {
        case .gone: throw .unknownUpload
        case .latched(let latch): throw .storage(.latched(latch))
        case .receiving, .completing, .complete: return
        }
    }

    private var differingRepeat: UploadError {
        .outOfOrder(expected: nextChunkIndex, received: nextChunkIndex - 1)
    }
}
