package import Disk

/// The rules of one upload.
///
/// May this chunk come now, do these bytes fit, may it be completed? A state machine that touches nothing: it answers,
/// and ``Upload`` obeys. Chunks come strictly in order, one at a time, each at most the hard maximum; their lengths need
/// not be the announced one, because the official client ignores it. The last chunk may come again with the same bytes:
/// a client that lost our answer can repeat it.
package struct UploadState: Sendable, Hashable {
    package struct Limits: Sendable, Hashable {
        package let chunkByteCountMax: Int
        package let chunkCountMax: Int

        package init(chunkByteCountMax: Int, chunkCountMax: Int) {
            self.chunkByteCountMax = chunkByteCountMax
            self.chunkCountMax = chunkCountMax
        }
    }

    package enum Phase: Sendable, Hashable {
        case receiving, completing, complete
        /// A write or sync failed in a way that leaves the bytes in doubt.
        case latched(Latch)
        /// Aborted, expired or claimed: nobody may touch it any more.
        case gone
    }

    /// A chunk that counts: its bytes and its journal line are written.
    package struct Chunk: Sendable, Hashable {
        package let index: Int
        package let byteCount: Int
        /// XXH3-128 of its bytes, in hex.
        package let digest: String

        package init(index: Int, byteCount: Int, digest: String) {
            self.index = index
            self.byteCount = byteCount
            self.digest = digest
        }
    }

    /// The chunk that is arriving.
    package struct Arrival: Sendable, Hashable {
        package let index: Int
        package let isRepeat: Bool
        package var byteCount = 0
    }

    package enum Admission: Sendable, Hashable {
        /// The next chunk: store its bytes.
        case append
        /// The last chunk again: only compare its digest.
        case `repeat`
        case reject(UploadError)
    }

    package enum Completion: Sendable, Hashable {
        case run, done
        case reject(UploadError)
    }

    /// The size the upload declared.
    package let byteCount: Int64
    package let limits: Limits
    package private(set) var phase = Phase.receiving
    package private(set) var lastChunk: Chunk?
    package private(set) var receivedByteCount: Int64 = 0
    package private(set) var arrival: Arrival?

    package init(byteCount: Int64, limits: Limits) {
        self.byteCount = byteCount
        self.limits = limits
    }

    /// Goes on after the chunks that recovery found.
    package init(byteCount: Int64, limits: Limits, receivedByteCount: Int64, lastChunk: Chunk?) {
        self.init(byteCount: byteCount, limits: limits)
        self.receivedByteCount = receivedByteCount
        self.lastChunk = lastChunk
    }

    /// A complete upload that recovery found.
    package init(completed byteCount: Int64, chunkCount: Int) {
        self.init(byteCount: byteCount, limits: Limits(chunkByteCountMax: 0, chunkCountMax: 0))
        phase = .complete
        receivedByteCount = byteCount
        if chunkCount > 0 { lastChunk = Chunk(index: chunkCount - 1, byteCount: 0, digest: "") }
    }

    package var nextChunkIndex: Int {
        lastChunk.map { $0.index + 1 } ?? 0
    }

    /// A chunk announces itself.
    ///
    /// Unless it is rejected it is arriving until ``commit(digest:)`` or ``cancel()``.
    package mutating func receive(chunk index: Int) -> Admission {
        switch phase {
        case .gone: return .reject(.unknownUpload)
        case .latched(let latch): return .reject(.storage(.latched(latch)))
        case .complete: return .reject(.alreadyComplete)
        case .completing: return .reject(.busy)
        case .receiving: break
        }
        guard arrival == nil else { return .reject(.busy) }
        if index == nextChunkIndex {
            guard index < limits.chunkCountMax else {
                return .reject(.tooManyChunks(count: index + 1, countMax: limits.chunkCountMax))
            }
            arrival = Arrival(index: index, isRepeat: false)
            return .append
        }
        if index == lastChunk?.index {
            arrival = Arrival(index: index, isRepeat: true)
            return .repeat
        }
        return .reject(.outOfOrder(expected: nextChunkIndex, received: index))
    }

    /// Counts bytes of the arriving chunk, and returns why they may not come, or nil.
    ///
    /// - Precondition: a chunk is arriving.
    package mutating func add(_ count: Int) -> UploadError? {
        guard var arrival else { preconditionFailure("no chunk is arriving") }
        if let error = interruption { return error }
        arrival.byteCount += count
        if arrival.byteCount > limits.chunkByteCountMax {
            return .chunkTooLarge(byteCountMax: limits.chunkByteCountMax)
        }
        if arrival.isRepeat {
            if arrival.byteCount > lastChunk?.byteCount ?? 0 { return differingRepeat }
        } else if Int64(arrival.byteCount) > byteCount - receivedByteCount {
            return .tooManyBytes(byteCountMax: byteCount)
        }
        self.arrival = arrival
        return nil
    }

    /// Returns why the arriving chunk, which ended with this digest, may not count, or nil.
    ///
    /// - Precondition: a chunk is arriving.
    package func objection(toDigest digest: String) -> UploadError? {
        guard let arrival else { preconditionFailure("no chunk is arriving") }
        if let error = interruption { return error }
        guard arrival.isRepeat else { return nil }
        return Chunk(index: arrival.index, byteCount: arrival.byteCount, digest: digest) == lastChunk
            ? nil : differingRepeat
    }

    /// The arriving chunk counts from now on; a repeated one changes nothing.
    ///
    /// - Precondition: a chunk is arriving, and ``objection(toDigest:)`` had none.
    package mutating func commit(digest: String) -> Chunk {
        guard let arrival else { preconditionFailure("no chunk is arriving") }
        let chunk = Chunk(index: arrival.index, byteCount: arrival.byteCount, digest: digest)
        if !arrival.isRepeat {
            lastChunk = chunk
            receivedByteCount += Int64(arrival.byteCount)
        }
        self.arrival = nil
        return chunk
    }

    /// The arriving chunk never counted.
    package mutating func cancel() {
        arrival = nil
    }

    /// The client says that was all.
    ///
    /// `.run` holds off chunks until ``endCompleting(_:)``.
    package mutating func complete() -> Completion {
        switch phase {
        case .gone: return .reject(.unknownUpload)
        case .latched(let latch): return .reject(.storage(.latched(latch)))
        case .complete: return .done
        case .completing: return .reject(.busy)
        case .receiving: break
        }
        guard arrival == nil else { return .reject(.busy) }
        guard receivedByteCount == byteCount else {
            return .reject(.incomplete(received: receivedByteCount, expected: byteCount))
        }
        phase = .completing
        return .run
    }

    /// Completing has ended; where it failed without doubt about the bytes it may be tried again.
    package mutating func endCompleting(_ isComplete: Bool) {
        if phase == .completing { phase = isComplete ? .complete : .receiving }
    }

    /// Refuses everything but leaving from now on; the first error stays.
    package mutating func latch(_ latch: Latch) {
        switch phase {
        case .latched, .gone: break
        case .receiving, .completing, .complete: phase = .latched(latch)
        }
    }

    /// The upload is leaving; returns false where it has left before.
    package mutating func leave() -> Bool {
        defer { phase = .gone }
        return phase != .gone
    }

    /// What happened to the upload while a chunk was arriving.
    private var interruption: UploadError? {
        switch phase {
        case .gone: .unknownUpload
        case .latched(let latch): .storage(.latched(latch))
        case .receiving, .completing, .complete: nil
        }
    }

    private var differingRepeat: UploadError {
        .outOfOrder(expected: nextChunkIndex, received: nextChunkIndex - 1)
    }
}
