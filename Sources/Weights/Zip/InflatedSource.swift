internal import Synchronization

/// The content of a deflated member, at any place: an archive deflated within another, as the official client writes.
///
/// Deflated bytes can only be read onwards, so going back means inflating again from the start. That is rare: a model's
/// directory is read from the tail, which is kept, and its arrays in the order they were written. It costs one more
/// pass or two over bytes that are deflated already, and so go at the speed of a copy; what it spares is a temporary
/// file for each update, with a full disk as one more way to fail. Rejected, too: inflating into memory.
/// An archive whose members stand in a hostile order is refused after ``passCountMax`` passes.
///
/// Memory: an ``Inflater`` and twice ``tailByteCount``. Safe from any thread.
final class InflatedSource: ByteSource {
    /// The end records and the directory of a thousand arrays.
    static let tailByteCount = 128 << 10
    /// How many times the content may be inflated only to be passed over.
    static let passCountMax: Int64 = 16

    /// Touched under the lock only.
    private struct State: @unchecked Sendable {
        /// Nil before the first read, and after one that failed.
        var reader: MemberReader?
        var skippedByteCount: Int64 = 0
    }

    private let archive: ZipArchive
    private let member: ZipMember
    private let tail: [UInt8]
    private let state: Mutex<State>

    /// Inflates the member once, to verify it and to keep its tail.
    ///
    /// - Throws: `.member` where it does not verify.
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

    /// Takes out the reader, moved to that place.
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
