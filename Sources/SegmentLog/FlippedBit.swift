internal import JSON

/// Restores a line in which one bit flipped, the most common error of disks and memory.
///
/// It flips each bit until the checksum matches. The probability that it matches by chance is 2^-64 times the number of
/// bits, so a match is proof. If more than one bit is wrong, nothing is found.
enum FlippedBit {
    /// The longest line that is tried: 131,072 bits and as many checksums take a tenth of a second.
    static let lineByteCountMax = 16 << 10

    /// Which byte of a line is wrong, and the line as it was written.
    struct Found {
        let index: Int
        let line: ArraySlice<UInt8>
    }

    /// Searches the flipped bit of a line with this seed; nil if one bit does not explain the mismatch.
    static func find(in line: ArraySlice<UInt8>, seed: UInt64) -> Found? {
        guard line.count > CheckedLine.trailerByteCount, line.count <= lineByteCountMax else { return nil }
        return findInTrailer(of: line, seed: seed) ?? findBeforeTrailer(of: line, seed: seed)
    }

    /// The flipped bit is in the checksum, or in the characters around it.
    private static func findInTrailer(of line: ArraySlice<UInt8>, seed: UInt64) -> Found? {
        var sealed = Array(line.dropLast(CheckedLine.trailerByteCount))
        guard sealed.first == UInt8(ascii: "{"), sealed.count > 1 else { return nil }
        sealed.append(UInt8(ascii: "}"))
        CheckedLine.seal(&sealed, from: 0, seed: seed)
        let wrong = sealed.indices.filter { sealed[$0] != line[line.startIndex + $0] }
        guard let index = wrong.first, wrong.count == 1 else { return nil }
        let difference = sealed[index] ^ line[line.startIndex + index]
        return difference.nonzeroBitCount == 1 ? Found(index: index, line: sealed[...]) : nil
    }

    private static func findBeforeTrailer(of line: ArraySlice<UInt8>, seed: UInt64) -> Found? {
        guard let checksum = CheckedLine.checksum(of: line) else { return nil }
        var bytes = Array(line)
        let coveredCount = bytes.count - CheckedLine.trailerByteCount
        let index = bytes.withUnsafeMutableBytes { bytes -> Int? in
            let covered = UnsafeRawBufferPointer(rebasing: bytes[..<coveredCount])
            for index in 0..<coveredCount {
                for bit in 0..<UInt8.bitWidth {
                    bytes[index] ^= 1 << bit
                    if XXH3.hash64(covered, seed: seed) == checksum { return index }
                    bytes[index] ^= 1 << bit
                }
            }
            return nil
        }
        return index.map { Found(index: $0, line: bytes[...]) }
    }
}
