internal import Disk
internal import JSON

@testable internal import Blobs

/// Runs any sequence of events: chunks must be in order, a repeated chunk must change nothing, an incomplete upload
/// must not complete, and a latched or removed upload must stay so.
func fuzzUploadState(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let limits = UploadState.Limits(chunkByteCountMax: 100, chunkCountMax: 6)
    var state = UploadState(byteCount: Int64(input.number(below: 300)), limits: limits)
    var committed: [(digest: String, byteCount: Int)] = []
    var restartCount = 0
    while !input.isEmpty {
        let before = state
        step(&state, &committed, &input)
        let sum = committed.reduce(0) { $0 + $1.byteCount }
        must(state.receivedByteCount == Int64(sum), "what was received is the sum of the chunks that count")
        must(state.receivedByteCount >= before.receivedByteCount, "what was received is never taken back")
        must(state.receivedByteCount <= state.byteCount ?? 0, "no more is taken than was declared")
        must(state.nextChunkIndex == committed.count, "chunks count one after the other")
        must(committed.count <= limits.chunkCountMax, "there are no more chunks than allowed")
        must(committed.allSatisfy { $0.byteCount <= limits.chunkByteCountMax }, "no chunk is longer than allowed")
        if case .complete = state.phase {
            must(state.receivedByteCount == state.byteCount, "nothing completes with a hole")
        }
        if case .latched = before.phase, case .receiving = state.phase { fatalError("a latch is for good") }
        if case .gone = before.phase { must(state.phase == .gone, "what has left does not come back") }
        // A restart discards only the arriving chunk.
        if input.byte() == 255, case .receiving = state.phase, restartCount < 3 {
            restartCount += 1
            state = UploadState(
                byteCount: state.byteCount,
                limits: limits,
                receivedByteCount: state.receivedByteCount,
                lastChunk: state.lastChunk
            )
        }
    }
}

private func step(
    _ state: inout UploadState,
    _ committed: inout [(digest: String, byteCount: Int)],
    _ input: inout FuzzInput
) {
    switch input.number(below: 9) {
    case 0, 1: receive(&state, committed.count, &input)
    case 2, 3: add(&state, &input)
    case 4, 5: end(&state, &committed, &input)
    case 6: complete(&state, &input)
    case 7: state.cancel()
    default:
        switch input.number(below: 8) {
        case 0: state.latch(failedSync)
        case 1:
            let isGone = state.phase == .gone
            must(state.leave() == !isGone, "an upload leaves once")
        default: break
        }
    }
}

private func receive(_ state: inout UploadState, _ count: Int, _ input: inout FuzzInput) {
    let before = state
    // Mostly the next one or the last one.
    let index = [count, count, count - 1, count + 1, Int(input.number(Int16.self)), .max][input.number(below: 6)]
    do {
        guard let arrival = try state.receive(chunk: index) else {
            must(before.arrival?.index == index, "only a request for the same chunk replaces an older one")
            must(state.arrival?.number == before.arrival?.number, "the newer one waits until the older one has ended")
            return must(state.arrival?.stage != .arriving, "no more bytes of the older one count")
        }
        must(index == (arrival.isRepeat ? count - 1 : count), "only the next is appended, only the last is repeated")
        must(state.arrival == arrival, "it is arriving")
    } catch {
        must(state == before, "a rejected chunk changes nothing")
        return
    }
    must(before.phase == .receiving && before.arrival == nil, "one chunk comes at a time, while receiving")
}

private func add(_ state: inout UploadState, _ input: inout FuzzInput) {
    guard let arrival = state.arrival else { return }
    let before = state
    let isOlder = input.number(below: 4) == 0
    do {
        try state.add(input.number(below: 130), to: arrival.number - (isOlder ? 1 : 0))
        must(!isOlder && arrival.stage == .arriving, "only the newest request adds bytes")
    } catch {
        must(state == before, "refused bytes do not count")
    }
}

private func end(
    _ state: inout UploadState,
    _ committed: inout [(digest: String, byteCount: Int)],
    _ input: inout FuzzInput
) {
    guard let arrival = state.arrival else { return }
    let digest = "digest \(input.number(below: 3))"
    let before = state
    let chunk: UploadState.Chunk
    do {
        try state.end(arrival.number)
        chunk = try state.chunk(arrival.number, withDigest: digest)
    } catch {
        return state.cancel()
    }
    state.commit(chunk)
    must(chunk.index == arrival.index && chunk.digest == digest, "a receipt is of the chunk that came")
    must(state.arrival == nil, "the next one may come")
    if arrival.isRepeat {
        let last = committed[committed.count - 1]
        must(chunk.byteCount == last.byteCount && digest == last.digest, "a repeat is the same bytes")
        must(state.receivedByteCount == before.receivedByteCount, "a repeat counts nothing")
        must(state.lastChunk == before.lastChunk, "a repeat gives the same answer")
    } else {
        committed.append((digest, chunk.byteCount))
    }
}

private func complete(_ state: inout UploadState, _ input: inout FuzzInput) {
    let before = state
    do {
        guard try state.complete() else {
            return must(before.phase == .complete && state == before, "a repeated completion changes nothing")
        }
        must(before.phase == .receiving && state.arrival == nil, "completing excludes an arriving chunk")
        must(before.receivedByteCount == before.byteCount, "only an upload with all its bytes is completed")
        if input.number(below: 4) == 0 { state.latch(failedSync) }
        state.endCompleting(input.bool())
    } catch {
        must(state == before, "a refusal changes nothing")
    }
}

private let failedSync = Latch(
    "upload",
    cause: DiskError(call: .fdatasync, path: "data.part", code: 5),
    sinceMicroseconds: 0
)
