internal import NIOConcurrencyHelpers

/// The newest durable lines of a log in memory, because they are read most often.
///
/// It is empty at first, is updated by each group commit, and holds between half and all of ``byteCountMax`` bytes, or
/// one longer group.
final class LogTail: Sendable {
    private static let byteCountMax = 512 << 10

    private struct State {
        var segment: UInt64 = 0
        /// Where in the segment the bytes begin.
        var offset = 0
        var bytes: [UInt8] = []
    }

    private let state = NIOLockedValueBox(State())

    /// Adds the lines of a group that has just become durable.
    func append(_ bytes: [UInt8], at position: LogPosition) {
        state.withLockedValue { state in
            if state.segment != position.segment || state.offset + state.bytes.count != position.offset {
                state.segment = position.segment
                state.offset = Int(position.offset)
                state.bytes.removeAll(keepingCapacity: true)
            }
            if !state.bytes.isEmpty, state.bytes.count + bytes.count > Self.byteCountMax {
                let excess = min(max(Self.byteCountMax / 2, bytes.count), state.bytes.count)
                state.bytes.removeFirst(excess)
                state.offset += excess
            }
            state.bytes.append(contentsOf: bytes)
        }
    }

    /// Returns up to `byteCount` bytes from a record on; nil if the record is not completely in memory.
    func block(at pointer: RecordPointer, byteCount: Int) -> RecordCursor.Block? {
        state.withLockedValue { state in
            let start = Int(pointer.offset) - state.offset
            guard pointer.segment == SegmentID(first: state.segment), start >= 0,
                start + Int(pointer.byteCount) <= state.bytes.count
            else { return nil }
            let end = min(start + max(byteCount, Int(pointer.byteCount)), state.bytes.count)
            let bytes = Array(state.bytes[start..<end])
            return RecordCursor.Block(segment: pointer.segment, offset: Int(pointer.offset), bytes: bytes)
        }
    }
}
