internal import JSON

/// The client's container for a model: an archive with these members.
///
/// Shape: `metadata.json` (an object with `model_id`, `helper_type`, `_version`, and what its writer adds),
/// `training_model.bin` (what the helper wrote), at will `inference_model.bin` and `files/…`.
/// Source: the official client, `scaleoututil/utils/model.py`.
enum Container {
    static let metadataName = "metadata.json"
    static let weightsName = "training_model.bin"
    static let filesPrefix = "files/"
    static let versionKey = "_version"
    static let helperKey = "helper_type"
    static let modelIDKey = "model_id"
    /// Describes `inference_model.bin`.
    static let inferenceFormatKey = "inference_model_format"
    /// The newest version that is understood; without a version a container is taken for this one.
    static let version: Int64 = 2

    /// Reads and checks the metadata of a container.
    ///
    /// - Throws: `.metadata`, `.newerVersion`, or why the member cannot be read.
    static func metadata(of archive: ZipArchive, _ limits: ModelLimits) throws(WeightsError) -> JSONObject {
        guard let member = archive.member(named: metadataName) else { throw .missingMember(metadataName) }
        guard member.byteCount <= Int64(limits.metadataByteCountMax) else {
            throw .metadata(.tooLong(byteCount: member.byteCount, byteCountMax: limits.metadataByteCountMax))
        }
        let bytes = try archive.content(of: member)
        let value: JSON
        do throws(JSONError) { value = try JSON(parsing: bytes) } catch {
            throw .metadata(.syntax(offset: error.offset))
        }
        guard let metadata = value.object else { throw .metadata(.notAnObject) }
        if let version = metadata[versionKey] {
            guard let version = version.int else { throw .metadata(.field(versionKey)) }
            guard version <= Self.version else { throw .newerVersion(found: version, supported: Self.version) }
        }
        if let id = metadata[modelIDKey], id.string == nil, !id.isNull { throw .metadata(.field(modelIDKey)) }
        return metadata
    }

    /// The format that a container declares; nil where it does not.
    static func format(_ metadata: JSONObject) throws(WeightsError) -> WeightsFormat? {
        guard let helper = metadata[helperKey], !helper.isNull else { return nil }
        guard let name = helper.string else { throw .metadata(.field(helperKey)) }
        // The client, too, passes over an empty name.
        guard !name.isEmpty else { return nil }
        guard let format = WeightsFormat(helper: name) else { throw .metadata(.unknownHelper(name)) }
        return format
    }
}
