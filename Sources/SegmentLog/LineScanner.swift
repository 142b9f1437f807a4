internal import Disk
internal import Glibc

/// Splits a file into lines through a window of 1 MiB, which grows only for a longer line.
struct LineScanner {
    private static let windowByteCount = 1 << 20

    private let file: File
    private var window: [UInt8]
    /// The file offset of the window's first byte.
    private var windowOffset: Int64
    /// Bytes of the window that were read.
    private var filledCount = 0
    /// Where in the window the next line begins.
    private var position = 0
    /// The offset in the file at which to stop.
    private var end: Int64

    /// Creates a scanner of the bytes from `offset` to `end`, or to the end of the file if that comes first.
    init(_ file: File, from offset: Int64 = 0, to end: Int64) {
        self.file = file
        self.windowOffset = offset
        self.end = end
        self.window = [UInt8](repeating: 0, count: Int(min(max(end - offset, 0), Int64(Self.windowByteCount))))
    }

    /// Returns the next line, or nil at the end.
    ///
    /// Release the line before the next call, or the window is copied.
    mutating func next() throws(StorageError) -> ScannedLine? {
        var searchedCount = 0
        while true {
            if let length = lineLength(after: searchedCount) { return take(length, hasLineEnd: true) }
            searchedCount = filledCount - position
            guard try fill() else { break }
        }
        return searchedCount > 0 ? take(searchedCount, hasLineEnd: false) : nil
    }

    private mutating func take(_ count: Int, hasLineEnd: Bool) -> ScannedLine {
        defer { position += count }
        return ScannedLine(
            offset: windowOffset + Int64(position),
            bytes: window[position..<position + count],
            hasLineEnd: hasLineEnd
        )
    }

    /// The length of the line at `position`, of which `searchedCount` bytes are known to contain no newline.
    private func lineLength(after searchedCount: Int) -> Int? {
        window.withUnsafeBytes { bytes in
            bytes[(position + searchedCount)..<filledCount].lineLength.map { searchedCount + $0 }
        }
    }

    /// Reads the bytes after those in the window; returns false if there are none or they do not fit.
    private mutating func fill() throws(StorageError) -> Bool {
        freeSpace()
        let readOffset = windowOffset + Int64(filledCount)
        let wantedCount = Int(min(Int64(window.count - filledCount), end - readOffset))
        guard wantedCount > 0 else { return false }
        var result: Result<Int, StorageError> = .success(0)
        window.withUnsafeMutableBytes { bytes in
            let target = UnsafeMutableRawBufferPointer(rebasing: bytes[filledCount..<filledCount + wantedCount])
            result = Result { () throws(StorageError) in try file.read(at: readOffset, into: target) }
        }
        let count = try result.get()
        filledCount += count
        if count < wantedCount { end = windowOffset + Int64(filledCount) }
        return count > 0
    }

    /// Moves the rest to the start of the window, or enlarges the window if one line fills it.
    private mutating func freeSpace() {
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
