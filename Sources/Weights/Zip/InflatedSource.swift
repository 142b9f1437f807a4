internal import Synchronization

/// Random access to the content of a deflated member: an archive inside an archive, as the official client writes it.
///
/// Deflated bytes can only be read forwards, so reading backwards means inflating from the start again. That is rare:
/// the directory is read from the tail, which is kept in memory, and the arrays are read in the order in which they
/// were written. Rejected: a temporary file for each update, which fails on a full disk; inflating into memory. An
/// archive whose order of members would need more than ``passCountMax`` passes is rejected.
///
/// Memory: an ``Inflater`` and twice ``tailByteCount``. Thread-safe.
final class InflatedSource: ByteSource {
    /// Enough for the end records and the directory of a thousand arrays.
    static let tailByteCount = 128 << 10
    /// How many times the content may be inflated only to be skipped.
    static let passCountMax: Int64 = 16

    /// Accessed only under the lock.
    private struct State: @unchecked Sendable {
        /// Nil before the first read, and after a read that failed.
        var reader: MemberReader?
        var skippedByteCount: Int64 = 0
    }

    private let archive: ZipArchive
    private let member: ZipMember
    private let tail: [UInt8]
    private let state: Mutex<State>

    /// Inflates the member once to verify it and to keep its tail.
    ///
    /// - Throws: `.member` if it is damaged.
    init(_ member: ZipMember, of archive: ZipArchive) throws(WeightsError) {
        self.archive = archive
        self.member = member
        let reader = try MemberReader(member, of: archive)
        var last: [UInt8] = []
        var tail: [UInt8] = []
        while reader.remainingByteCount > 0 {
            last = tail
            tail = try reader.bytes(count: Int(min(reader.remainingByteCount, Int64(Self.tailByteCount))))
        }
        self.tail = last + tail
        state = Mutex(State())
    }

    var byteCount: Int64 { member.byteCount }

    func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(WeightsError) -> Int {
        let count = Int(min(Int64(buffer.count), byteCount - offset))
        guard count > 0 else { return 0 }
        let output = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        let tailOffset = byteCount - Int64(tail.count)
        guard offset < tailOffset else {
            let start = Int(offset - tailOffset)
            tail.withUnsafeBytes {
                output.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
            }
            return count
        }
        try state.withLock { state throws(WeightsError) in
            let reader = try reader(at: offset, &state)
            try reader.fill(output)
            state.reader = reader
        }
        return count
    }

    /// Removes the reader from the state, or opens a new one, and moves it to `offset`.
    private func reader(at offset: Int64, _ state: inout State) throws(WeightsError) -> MemberReader {
        var reader = state.reader.take()
        if let position = reader.map({ byteCount - $0.remainingByteCount }), position > offset { reader = nil }
        let opened = if let reader { reader } else { try MemberReader(member, of: archive) }
        let skipped = offset - (byteCount - opened.remainingByteCount)
        state.skippedByteCount += skipped
        guard state.skippedByteCount / Self.passCountMax <= byteCount else {
            throw .member(member.name, .tooManyRewinds)
        }
        try opened.skip(skipped)
        return opened
    }
}
