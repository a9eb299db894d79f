// The only program of an agent guest: loads drivers, mounts a disk, runs the guest agent,
// and stops it (s), continues it (c), or starts it anew without fsinfo (b) as the serial port
// orders.
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
static void load(const char *name) {
    char path[128];
    snprintf(path, sizeof path, "/modules/%s.ko", name);
    int file = open(path, O_RDONLY);
    if (file < 0 || syscall(SYS_finit_module, file, "", 0)) dprintf(1, "module %s failed\n", name);
    close(file);
}
// The device of the agent's channel, "" while there is none.
static void find_channel(char *device, size_t size) {
    DIR *ports = opendir("/sys/class/virtio-ports");
    struct dirent *port;
    *device = 0;
    while (ports && (port = readdir(ports))) {
        char path[320], name[64] = "";
        snprintf(path, sizeof path, "/sys/class/virtio-ports/%s/name", port->d_name);
        int file = open(path, O_RDONLY);
        if (file < 0) continue;
        if (read(file, name, sizeof name - 1) > 0 && !strncmp(name, "org.qemu.guest_agent.0", 22))
            snprintf(device, size, "/dev/%s", port->d_name);
        close(file);
    }
    if (ports) closedir(ports);
}
// Starts the agent without the commands named in `blocked`.
static pid_t start(const char *channel, const char *blocked) {
    pid_t child = fork();
    if (child) return child;
    execl("/usr/sbin/qemu-ga", "qemu-ga", "-m", "virtio-serial", "-p", channel, "-t", "/run",
          *blocked ? "-b" : (char *)0, blocked, (char *)0);
    _exit(1);
}
int main(void) {
    static const char *modules[] = {"virtio_ring", "virtio", "virtio_pci_modern_dev",
        "virtio_pci_legacy_dev", "virtio_pci", "virtio_blk", "virtio_console"};
    mount("none", "/dev", "devtmpfs", 0, "");
    mount("none", "/proc", "proc", 0, "");
    mount("none", "/sys", "sysfs", 0, "");
    int control = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
    struct termios raw;
    tcgetattr(control, &raw);
    cfmakeraw(&raw);
    tcsetattr(control, TCSANOW, &raw);
    dup2(control, 1); dup2(control, 2);
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) load(modules[i]);
    for (int i = 0; i < 200 && access("/dev/vda", F_OK); i++) usleep(50000);
    if (mount("/dev/vda", "/srv/donnees", "ext4", 0, "")) dprintf(1, "mount failed\n");
    char channel[300];
    for (int i = 0; i < 200 && (find_channel(channel, sizeof channel), !*channel); i++) usleep(50000);
    if (!*channel) dprintf(1, "no channel\n");
    pid_t agent = start(channel, "");
    dprintf(1, "ready\n");
    for (char order; read(control, &order, 1) == 1;) {
        if (order == 's') kill(agent, SIGSTOP);
        if (order == 'c') kill(agent, SIGCONT);
        if (order == 'b') {
            kill(agent, SIGKILL);
            waitpid(agent, 0, 0);
            agent = start(channel, "guest-get-fsinfo");
        }
        if (strchr("scb", order)) dprintf(1, "done %c\n", order);
    }
    for (;;) pause();
}
