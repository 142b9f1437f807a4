internal import Glibc
package import JSON

/// One record as one line of a segment.
///
/// Shape: a JSON object whose last member is its own checksum, then a newline:
///
///     {"seq":150001,"batch":150001,"at":"2026-11-23T19:16:04.123456Z","op":"put",…,"xxh3":"0123456789abcdef"}
///
/// `seq` numbers the records of the log without gaps. `batch` is the sequence of the first record of its group commit:
/// every earlier record was durable when this line was written, by which recovery distinguishes damage from an append
/// that a crash interrupted. The members between `at` and `xxh3` are the appender's.
///
/// The checksum's seed includes the log's name, the segment and the line's offset, so a line that was moved to another
/// log, segment or position does not verify. Source: docs/FORMAT.md, "Records".
package enum RecordLine {
    /// The members that the log itself writes in a line, and the range of the others.
    package struct Header: Sendable, Hashable {
        package let sequence: UInt64
        package let batch: UInt64
        package let at: Timestamp
        package let members: Range<Int>
    }

    /// The maximum length of a line of any log.
    ///
    /// It is part of the format, so that all builds accept each other's lines.
    package static let byteCountMax = 16 << 20
    /// The minimum length of a line: `{"seq":1,"batch":1,"at":"…",`, a member, and the trailer.
    static let byteCountMin: Int64 = 80

    /// The part of the seed that all lines of a segment share; the offset of the line is added to it.
    package static func seed(log name: String, segment first: UInt64, generation: UInt32 = 0) -> UInt64 {
        XXH3.hash64(name, seed: first &+ UInt64(generation) << 44)
    }

    static func seed(log name: String, segment id: SegmentID) -> UInt64 {
        seed(log: name, segment: id.first, generation: id.generation)
    }

    /// Starts a line at the end of `buffer`; the members follow, then ``seal(_:from:seed:)``.
    static func begin(_ sequence: UInt64, batch: UInt64, at: Timestamp, in buffer: inout [UInt8]) {
        append(sequenceKey, to: &buffer)
        append(sequence, to: &buffer)
        append(batchKey, to: &buffer)
        append(batch, to: &buffer)
        append(atKey, to: &buffer)
        at.write(to: &buffer)
        append(atEnd, to: &buffer)
    }

    /// Ends the line that begins at `start` of `buffer`.
    ///
    /// - Precondition: No newline and no NUL was added since ``begin(_:batch:at:in:)``: JSON text has neither, and
    ///   recovery relies on both.
    static func seal(_ buffer: inout [UInt8], from start: Int, seed: UInt64) {
        precondition(!containsNUL(buffer[start...]), "a record is text")
        buffer.append(UInt8(ascii: "}"))
        CheckedLine.seal(&buffer, from: start, seed: seed)
    }

    /// Appends a verified line with the checksum of another place, whose seed is `seed`.
    static func reseal(_ line: ArraySlice<UInt8>, seed: UInt64, to buffer: inout [UInt8]) {
        let start = buffer.count
        buffer.append(contentsOf: line.dropLast(CheckedLine.trailerByteCount))
        buffer.append(UInt8(ascii: "}"))
        CheckedLine.seal(&buffer, from: start, seed: seed)
    }

    /// Returns the log's own members of `line`.
    ///
    /// - Throws: As ``CheckedLine/verify(_:seed:)``; ``CheckedLineError/malformed`` also if the checksum matches but
    ///   the line does not begin as ``begin(_:batch:at:in:)`` writes it.
    package static func open(_ line: UnsafeRawBufferPointer, seed: UInt64) throws(CheckedLineError) -> Header {
        try CheckedLine.verify(line, seed: seed)
        guard let header = header(of: line) else { throw .malformed }
        return header
    }

    private static func header(of line: UnsafeRawBufferPointer) -> Header? {
        var position = 0
        guard skip(sequenceKey, in: line, &position), let sequence = number(in: line, &position),
            skip(batchKey, in: line, &position), let batch = number(in: line, &position),
            skip(atKey, in: line, &position), line.count - position > Timestamp.byteCount,
            let at = Timestamp(
                rfc3339: UnsafeRawBufferPointer(rebasing: line[position..<position + Timestamp.byteCount])
            )
        else { return nil }
        position += Timestamp.byteCount
        let end = line.count - CheckedLine.trailerByteCount
        guard skip(atEnd, in: line, &position), position <= end else { return nil }
        return Header(sequence: sequence, batch: batch, at: at, members: position..<end)
    }
}

/// Writing and parsing the fixed texts of a line.
extension RecordLine {
    private static let sequenceKey: StaticString = #"{"seq":"#
    private static let batchKey: StaticString = #","batch":"#
    private static let atKey: StaticString = #","at":""#
    private static let atEnd: StaticString = #"","#

    private static func append(_ text: StaticString, to buffer: inout [UInt8]) {
        buffer.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private static func append(_ number: UInt64, to buffer: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var first = digits.count
            var rest = number
            repeat {
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            buffer.append(contentsOf: digits[first...])
        }
    }

    private static func skip(_ text: StaticString, in line: UnsafeRawBufferPointer, _ position: inout Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard line.count - position >= count, let start = line.baseAddress,
            memcmp(start + position, text.utf8Start, count) == 0
        else { return false }
        position += count
        return true
    }

    /// Parses digits; nil if there are none or the number is not below 2⁶³, the limit of all numbers of the format.
    private static func number(in line: UnsafeRawBufferPointer, _ position: inout Int) -> UInt64? {
        let start = position
        var number: UInt64 = 0
        while position < line.count, case let digit = line[position] &- UInt8(ascii: "0"), digit < 10 {
            let (tens, overflowsTens) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = tens.addingReportingOverflow(UInt64(digit))
            guard !overflowsTens, !overflows else { return nil }
            number = sum
            position += 1
        }
        return position > start && number <= Int64.max ? number : nil
    }

    private static func containsNUL(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBytes { buffer in
            buffer.baseAddress.map { memchr($0, 0, buffer.count) != nil } ?? false
        }
    }
}
