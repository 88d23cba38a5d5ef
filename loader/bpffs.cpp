// SPDX-License-Identifier: Apache-2.0
#include "loader/bpffs.h"

#include <cerrno>

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "loader/system.h"
#include "tidegate/maps.h"

namespace tg::loader {
namespace fs = std::filesystem;
namespace {

constexpr const char *pin_folders[] = {TG_PIN_MAPS, TG_PIN_PROGRAMS, TG_PIN_LINKS};

Result<void> make_folder(const fs::path &folder, mode_t mode)
{
    if (::mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
        return failed(fmt::format("create {}", folder.string()), errno);
    }
    return {};
}

} // namespace

bool bpffs_mounted(const Instance &instance)
{
    struct statfs about = {};
    return ::statfs(instance.bpffs().c_str(), &about) == 0 && about.f_type == BPF_FS_MAGIC;
}

Result<void> mount_bpffs(const Instance &instance)
{
    const fs::path folder = instance.bpffs();
    if (!bpffs_mounted(instance)) {
        if (const Result<void> made = make_folder(folder, 0700); !made) {
            return made;
        }
        if (::mount("bpf", folder.c_str(), "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") !=
            0) {
            return failed(fmt::format("mount bpffs on {}", folder.string()), errno);
        }
        if (!bpffs_mounted(instance)) {
            return fail(fmt::format("{} is not a bpffs after mounting it", folder.string()));
        }
    }
    for (const char *name : pin_folders) {
        if (const Result<void> made = make_folder(folder / name, 0700); !made) {
            return made;
        }
    }
    return {};
}

Result<void> remove_bpffs(const Instance &instance)
{
    const fs::path folder = instance.bpffs();
    while (bpffs_mounted(instance)) {
        // A copy of the mount in another mount namespace keeps all pins alive: remove them first.
        for (const char *name : pin_folders) {
            std::error_code error;
            fs::remove_all(folder / name, error);
            if (error) {
                return failed(fmt::format("remove {}", (folder / name).string()), error.value());
            }
        }
        if (::umount2(folder.c_str(), UMOUNT_NOFOLLOW) != 0 &&
            ::umount2(folder.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) != 0) {
            return failed(fmt::format("unmount {}", folder.string()), errno);
        }
    }
    if (::rmdir(folder.c_str()) != 0 && errno != ENOENT) {
        return failed(fmt::format("remove {}", folder.string()), errno);
    }
    return {};
}

} // namespace tg::loader
