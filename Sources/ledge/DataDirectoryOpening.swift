internal import Disk
internal import Inspection

extension PosixDisk {
    /// Opens an existing directory as the root, so that all its files are found relative to it; nil if there is none.
    static func opening(_ path: String) throws(StorageError) -> PosixDisk? {
        guard try PosixDisk().entry(path)?.kind == .directory else { return nil }
        return try PosixDisk(root: path)
    }

    /// Opens an existing data directory to read it.
    static func inspecting(_ path: String) throws(InspectionError) -> PosixDisk {
        guard let disk = try InspectionError.wrap(opening(path)) else { throw .notADataDirectory(path) }
        return disk
    }
}
