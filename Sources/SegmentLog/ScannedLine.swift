internal import Glibc
internal import JSON

/// One line as it was read from a segment, before anything of it is verified.
struct ScannedLine {
    /// Its first byte, counted in the lines of the segment.
    let offset: Int64
    /// Its bytes with the newline, if it has one.
    let bytes: ArraySlice<UInt8>
    /// Whether it ends in a newline; if not, the content ends here or the line is longer than any that a log writes.
    let hasLineEnd: Bool

    /// Where the next line begins.
    var end: Int64 { offset + Int64(bytes.count) }

    /// Verifies the checksum for a segment of this seed, and returns the members that the log itself wrote.
    func open(seed: UInt64) -> Result<RecordLine.Header, CheckedLineError> {
        bytes.withUnsafeBytes { line in
            Result { () throws(CheckedLineError) in
                try RecordLine.open(line, seed: seed &+ UInt64(bitPattern: offset))
            }
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    /// The length of the line that these bytes begin with, including its newline; nil if they contain none.
    var lineLength: Int? {
        guard let start = UnsafeRawBufferPointer(rebasing: self).baseAddress,
            let newline = memchr(start, Int32(UInt8(ascii: "\n")), count)
        else { return nil }
        return UnsafeRawPointer(newline) - start + 1
    }
}
