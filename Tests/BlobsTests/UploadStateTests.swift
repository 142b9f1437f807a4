import Disk
import JSON
import Testing

@testable import Blobs

/// Runs every sequence of up to seven events, and compares the state with one derived from the list of events.
struct UploadStateTests {
    static let limits = UploadState.Limits(chunkByteCountMax: 3, chunkCountMax: 3)
    static let latch = Latch(
        "upload x",
        cause: DiskError(call: .fdatasync, path: "x", code: 5),
        sinceMicroseconds: 0
    )

    enum Event: CaseIterable, Hashable {
        case receive0, receive1, receive2, receive3, add1, add3, addOfOlder, end, commitA, commitB, cancel
        case complete, endWell, endBadly, latch, leave
    }

    /// The oracle: derives the state from the history of events.
    struct History {
        var chunks: [(byteCount: Int, digest: String)] = []
        var arriving: (number: Int, index: Int, byteCount: Int, stage: UploadState.Arrival.Stage)?
        var admittedCount = 0
        var phase = UploadState.Phase.receiving
        let byteCount: Int

        var received: Int { chunks.reduce(0) { $0 + $1.byteCount } }
        var mayWork: Bool { phase == .receiving || phase == .completing || phase == .complete }
    }

    @Test func everyOrderOfEventsFollowsTheRules() {
        var visited: Set<UploadState> = []
        for byteCount in [0, 2, 4] {
            var frontier = [
                (UploadState(byteCount: Int64(byteCount), limits: Self.limits), History(byteCount: byteCount))
            ]
            for _ in 0..<10 {
                var next: [(UploadState, History)] = []
                for (state, history) in frontier {
                    for event in Event.allCases {
                        var state = state
                        var history = history
                        guard step(event, &state, &history), visited.insert(state).inserted else { continue }
                        next.append((state, history))
                    }
                }
                frontier = next
            }
        }
        #expect(visited.count > 500, "the search has visited many states: \(visited.count)")
    }

    /// Applies an event to both and compares; returns false if it is not allowed.
    private func step(_ event: Event, _ state: inout UploadState, _ history: inout History) -> Bool {
        switch event {
        case .receive0: receive(0, &state, &history)
        case .receive1: receive(1, &state, &history)
        case .receive2: receive(2, &state, &history)
        case .receive3: receive(3, &state, &history)
        case .add1: return add(1, &state, &history)
        case .add3: return add(3, &state, &history)
        case .addOfOlder: return addOfOlder(&state, history)
        case .end: return end(&state, &history)
        case .commitA: return commit("a", &state, &history)
        case .commitB: return commit("b", &state, &history)
        case .cancel:
            state.cancel()
            history.arriving = nil
        case .complete: complete(&state, &history)
        case .endWell, .endBadly:
            state.endCompleting(event == .endWell)
            if history.phase == .completing { history.phase = event == .endWell ? .complete : .receiving }
        case .latch:
            state.latch(Self.latch)
            if history.mayWork { history.phase = .latched(Self.latch) }
        case .leave:
            #expect(state.leave() == (history.phase != .gone))
            history.phase = .gone
        }
        #expect(state.phase == history.phase)
        let claim: UploadError? =
            switch history.phase {
            case .complete: nil
            case .latched(let latch): .storage(.latched(latch))
            case .receiving, .completing, .gone: .unknownToken
            }
        #expect(error { () throws(UploadError) in try state.checkClaimable() } == claim)
        #expect(state.nextChunkIndex == history.chunks.count)
        #expect(state.receivedByteCount == Int64(history.received))
        #expect(state.receivedByteCount <= Int64(history.byteCount))
        #expect(state.arrival?.number == history.arriving?.number)
        #expect(state.arrival?.index == history.arriving?.index)
        #expect(state.arrival?.byteCount == history.arriving?.byteCount)
        #expect(state.arrival?.stage == history.arriving?.stage)
        return true
    }

    private func receive(_ index: Int, _ state: inout UploadState, _ history: inout History) {
        /// Whether the chunk repeats the last one, nil if an older request has to end first, or why it is refused.
        let expected: Result<Bool?, UploadError>
        switch history.phase {
        case .gone: expected = .failure(.unknownUpload)
        case .latched(let latch): expected = .failure(.storage(.latched(latch)))
        case .complete: expected = .failure(.alreadyComplete)
        case .completing: expected = .failure(.busy)
        case .receiving:
            let count = history.chunks.count
            if let older = history.arriving {
                expected = older.index == index ? .success(nil) : .failure(.busy)
            } else if index == count {
                expected = count == 3 ? .failure(.tooManyChunks(count: 4, countMax: 3)) : .success(false)
            } else {
                expected =
                    index == count - 1 ? .success(true) : .failure(.outOfOrder(expected: count, received: index))
            }
        }
        let result = Result { () throws(UploadError) in try state.receive(chunk: index) }
        #expect(result.map { $0?.isRepeat } == expected)
        switch expected {
        case .success(.some):
            history.arriving = (history.admittedCount, index, 0, .arriving)
            history.admittedCount += 1
        case .success(nil):
            if history.arriving?.stage == .arriving { history.arriving?.stage = .superseded }
        case .failure: break
        }
    }

    /// The bytes of a request that is not the newest never count.
    private func addOfOlder(_ state: inout UploadState, _ history: History) -> Bool {
        guard history.mayWork else { return false }
        let newest = history.arriving?.number ?? history.admittedCount
        for number in 0..<newest {
            #expect(error { () throws(UploadError) in try state.add(1, to: number) } == .superseded)
            #expect(error { () throws(UploadError) in try state.end(number) } == .superseded)
            #expect(error { () throws(UploadError) in _ = try state.chunk(number, withDigest: "a") } == .superseded)
        }
        return true
    }

    private func end(_ state: inout UploadState, _ history: inout History) -> Bool {
        guard let arriving = history.arriving else { return false }
        let expected: UploadError? = arriving.stage == .arriving ? nil : .superseded
        #expect(error { () throws(UploadError) in try state.end(arriving.number) } == expected)
        if expected == nil { history.arriving?.stage = .ending }
        return true
    }

    private func add(_ count: Int, _ state: inout UploadState, _ history: inout History) -> Bool {
        guard let arriving = history.arriving else { return false }
        let total = arriving.byteCount + count
        let next = history.chunks.count
        let expected: UploadError?
        switch history.phase {
        case .gone: expected = .unknownUpload
        case .latched(let latch): expected = .storage(.latched(latch))
        default:
            if arriving.stage != .arriving {
                expected = .superseded
            } else if total > 3 {
                expected = .chunkTooLarge(byteCountMax: 3)
            } else if arriving.index < next {
                expected =
                    total > history.chunks[arriving.index].byteCount
                    ? .outOfOrder(expected: next, received: arriving.index) : nil
            } else {
                expected =
                    history.received + total > history.byteCount
                    ? .tooManyBytes(byteCountMax: Int64(history.byteCount)) : nil
            }
        }
        #expect(error { () throws(UploadError) in try state.add(count, to: arriving.number) } == expected)
        if expected == nil { history.arriving?.byteCount = total }
        return true
    }

    private func commit(_ digest: String, _ state: inout UploadState, _ history: inout History) -> Bool {
        guard let arriving = history.arriving, arriving.stage == .ending else { return false }
        let isRepeat = arriving.index < history.chunks.count
        let expected: UploadError?
        switch history.phase {
        case .gone: expected = .unknownUpload
        case .latched(let latch): expected = .storage(.latched(latch))
        default:
            let isSame = !isRepeat || history.chunks[arriving.index] == (arriving.byteCount, digest)
            expected = isSame ? nil : .outOfOrder(expected: history.chunks.count, received: arriving.index)
        }
        let chunk = UploadState.Chunk(index: arriving.index, byteCount: arriving.byteCount, digest: digest)
        let result = Result { () throws(UploadError) in try state.chunk(arriving.number, withDigest: digest) }
        #expect(result == expected.map { .failure($0) } ?? .success(chunk))
        guard expected == nil else { return false }
        state.commit(chunk)
        history.arriving = nil
        if !isRepeat { history.chunks.append((arriving.byteCount, digest)) }
        return true
    }

    private func complete(_ state: inout UploadState, _ history: inout History) {
        /// Whether completing begins, or why it is refused.
        let expected: Result<Bool, UploadError>
        switch history.phase {
        case .gone: expected = .failure(.unknownUpload)
        case .latched(let latch): expected = .failure(.storage(.latched(latch)))
        case .complete: expected = .success(false)
        case .completing: expected = .failure(.busy)
        case .receiving:
            if history.received != history.byteCount {
                let incomplete = UploadError.incomplete(
                    received: Int64(history.received),
                    expected: Int64(history.byteCount)
                )
                expected = .failure(history.arriving == nil ? incomplete : .busy)
            } else {
                expected = .success(true)
                history.phase = .completing
                history.arriving = nil
            }
        }
        #expect(Result { () throws(UploadError) in try state.complete() } == expected)
    }

    /// Returns the error that `body` throws; nil if it succeeds.
    private func error(_ body: () throws(UploadError) -> Void) -> UploadError? {
        do { try body() } catch { return error }
        return nil
    }
}
