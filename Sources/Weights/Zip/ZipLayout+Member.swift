/// The records of one member.
extension ZipLayout.Member {
    private var is64: Bool { max(byteCount, storedByteCount) >= Int64(ZipFormat.in64) }

    /// The local header, which precedes the data.
    var localHeader: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: ZipFormat.localHeader)
        appendCommon(checksum: checksum ?? 0, hasSizes: checksum != nil, extraByteCount: is64 ? 20 : 0, to: &bytes)
        bytes += nameBytes
        if is64 {
            bytes.append(littleEndian: ZipFormat.zip64Extra)
            bytes.append(littleEndian: UInt16(16))
            bytes.append(littleEndian: UInt64(checksum == nil ? 0 : byteCount))
            bytes.append(littleEndian: UInt64(checksum == nil ? 0 : storedByteCount))
        }
        return bytes
    }

    /// Returns the record after the data; empty if the checksum is in the local header.
    func dataDescriptor(checksum: UInt32) -> [UInt8] {
        guard self.checksum == nil else { return [] }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: ZipFormat.dataDescriptor)
        bytes.append(littleEndian: checksum)
        if is64 {
            bytes.append(littleEndian: UInt64(storedByteCount))
            bytes.append(littleEndian: UInt64(byteCount))
        } else {
            bytes.append(littleEndian: UInt32(storedByteCount))
            bytes.append(littleEndian: UInt32(byteCount))
        }
        return bytes
    }

    /// Returns the directory entry of a member whose local header is at `offset`.
    func directoryEntry(at offset: Int64, checksum: UInt32) -> [UInt8] {
        let isFar = offset >= Int64(ZipFormat.in64)
        let numbers = (is64 ? [byteCount, storedByteCount] : []) + (isFar ? [offset] : [])
        var bytes: [UInt8] = []
        bytes.append(littleEndian: ZipFormat.directoryEntry)
        bytes.append(littleEndian: ZipFormat.madeBy | ZipFormat.version64)
        appendCommon(
            checksum: self.checksum ?? checksum,
            hasSizes: true,
            extraByteCount: numbers.isEmpty ? 0 : UInt16(4 + 8 * numbers.count),
            to: &bytes
        )
        bytes.append(littleEndian: UInt16(0))  // comment
        bytes.append(littleEndian: UInt16(0))  // disk
        bytes.append(littleEndian: UInt16(0))  // internal attributes
        bytes.append(littleEndian: ZipFormat.regularFile)
        bytes.append(littleEndian: isFar ? ZipFormat.in64 : UInt32(offset))
        bytes += nameBytes
        if !numbers.isEmpty {
            bytes.append(littleEndian: ZipFormat.zip64Extra)
            bytes.append(littleEndian: UInt16(8 * numbers.count))
            for number in numbers { bytes.append(littleEndian: UInt64(number)) }
        }
        return bytes
    }

    /// Appends the fields that local header and directory entry share, from the version needed to the length of the
    /// extra field.
    private func appendCommon(checksum: UInt32, hasSizes: Bool, extraByteCount: UInt16, to bytes: inout [UInt8]) {
        let flags = (self.checksum == nil ? ZipFormat.hasDescriptor : 0) | (isNameUTF8 ? ZipFormat.isNameUTF8 : 0)
        bytes.append(littleEndian: is64 || extraByteCount > 0 ? ZipFormat.version64 : ZipFormat.version)
        bytes.append(littleEndian: flags)
        bytes.append(littleEndian: isDeflated ? ZipFormat.deflated : ZipFormat.stored)
        bytes.append(littleEndian: UInt16(0))  // time
        bytes.append(littleEndian: ZipFormat.date)
        bytes.append(littleEndian: checksum)
        let (stored, content) = hasSizes ? (storedByteCount, byteCount) : (0, 0)
        bytes.append(littleEndian: is64 ? ZipFormat.in64 : UInt32(stored))
        bytes.append(littleEndian: is64 ? ZipFormat.in64 : UInt32(content))
        bytes.append(littleEndian: UInt16(nameBytes.count))
        bytes.append(littleEndian: extraByteCount)
    }
}
