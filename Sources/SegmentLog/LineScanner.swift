internal import Disk
internal import Glibc
internal import JSON

/// Cuts a file into lines through a window of 1 MiB, which grows only for a longer line.
struct LineScanner {
    /// A line with its newline, or what stands where one should be.
    struct Piece {
        /// Its first byte's place in the file.
        let offset: Int64
        let bytes: ArraySlice<UInt8>
        /// Whether it ends in a newline; if not, the file ends here or the line is longer than any the log writes.
        let hasLineEnd: Bool

        /// What the log says in the line, which stands in a segment of this seed.
        func open(seed: UInt64) -> Result<RecordLine.Header, CheckedLineError> {
            bytes.withUnsafeBytes { line in
                Result { () throws(CheckedLineError) in
                    try RecordLine.open(line, seed: seed &+ UInt64(bitPattern: offset))
                }
            }
        }
    }

    private static let windowByteCount = 1 << 20

    private let file: File
    private var window: [UInt8]
    /// The file offset of the window's first byte.
    private var windowOffset: Int64
    /// Bytes of the window that were read.
    private var filledCount = 0
    /// Where in the window the next line begins.
    private var position = 0
    /// Where in the file to stop.
    private var end: Int64

    /// A scanner of the bytes from `offset` to `end`, or to the end of the file where that comes first.
    init(_ file: File, from offset: Int64 = 0, to end: Int64) {
        self.file = file
        self.windowOffset = offset
        self.end = end
        self.window = [UInt8](repeating: 0, count: Int(min(max(end - offset, 0), Int64(Self.windowByteCount))))
    }

    /// Returns the next line, or nil at the end.
    ///
    /// Where its piece is still held at the next call, the window is copied.
    mutating func next() throws(StorageError) -> Piece? {
        var searchedCount = 0
        while true {
            if let length = lineLength(after: searchedCount) { return take(length, hasLineEnd: true) }
            searchedCount = filledCount - position
            guard try fill() else { break }
        }
        return searchedCount > 0 ? take(searchedCount, hasLineEnd: false) : nil
    }

    private mutating func take(_ count: Int, hasLineEnd: Bool) -> Piece {
        defer { position += count }
        return Piece(
            offset: windowOffset + Int64(position),
            bytes: window[position..<position + count],
            hasLineEnd: hasLineEnd
        )
    }

    /// The length of the line at `position`, of which `searchedCount` bytes are known to hold no newline.
    private func lineLength(after searchedCount: Int) -> Int? {
        window.withUnsafeBytes { bytes in
            let rest = bytes[(position + searchedCount)..<filledCount]
            guard let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress,
                let newline = memchr(start, Int32(UInt8(ascii: "\n")), rest.count)
            else { return nil }
            return searchedCount + (UnsafeRawPointer(newline) - start) + 1
        }
    }

    /// Reads on behind what the window holds, and returns false where there is nothing more or no room for it.
    private mutating func fill() throws(StorageError) -> Bool {
        makeRoom()
        let readOffset = windowOffset + Int64(filledCount)
        let wantedCount = Int(min(Int64(window.count - filledCount), end - readOffset))
        guard wantedCount > 0 else { return false }
        var result: Result<Int, StorageError> = .success(0)
        window.withUnsafeMutableBytes { bytes in
            let room = UnsafeMutableRawBufferPointer(rebasing: bytes[filledCount..<filledCount + wantedCount])
            result = Result { () throws(StorageError) in try file.read(at: readOffset, into: room) }
        }
        let count = try result.get()
        filledCount += count
        if count < wantedCount { end = windowOffset + Int64(filledCount) }
        return count > 0
    }

    /// Moves what is left to the front of the window, or grows one that a single line fills.
    private mutating func makeRoom() {
        if position > 0 {
            let restCount = filledCount - position
            window.withUnsafeMutableBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                _ = memmove(start, start + position, restCount)
            }
            windowOffset += Int64(position)
            filledCount = restCount
            position = 0
        } else if filledCount == window.count {
            let wantedCount = min(window.count * 2, RecordLine.byteCountMax)
            window += [UInt8](repeating: 0, count: max(0, wantedCount - window.count))
        }
    }
}
