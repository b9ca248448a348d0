# SPDX-License-Identifier: GPL-2.0-only
# The verbs.  The module itself is built by Kbuild; everything that needs
# another kernel than the running one goes through scripts/.

KVER ?= $(shell uname -r)
KERNELDIR ?= /lib/modules/$(KVER)/build
DESTDIR ?=
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
SBINDIR ?= $(PREFIX)/sbin
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
UNITDIR ?= $(PREFIX)/lib/systemd/system
STRIP ?= strip
V ?= 0
VM_KERNEL ?= stock
DEB_OUT ?= packages

# Where the module goes; depmod finds it there, also if a package's is elsewhere.
EXTRA = $(DESTDIR)/lib/modules/$(KVER)/extra
# The second where the kernel has x_tables.
MODULES := opvs opvs_match
# Its users are told what a compiler is told: quietly, and without notes on type
# information, which takes the kernel's own binary that headers do not have.
KBUILD = $(MAKE) --no-print-directory -C $(KERNELDIR) M=$(CURDIR) V=$(V) \
	$(if $(wildcard $(KERNELDIR)/vmlinux),,CONFIG_DEBUG_INFO_BTF_MODULES=)
# An administrator's shell may lack these folders.
DEPMOD = PATH="$$PATH:/usr/sbin:/sbin" depmod

.PHONY: all modules clean clean-opvsadm need-headers
.PHONY: opvsadm install install-module install-man install-tools install-opvsadm
.PHONY: uninstall
.PHONY: deb test-packages demo check lint kunit e2e debug fuzz bench help

all: modules

need-headers:
	@tools/need-headers '$(KVER)' '$(KERNELDIR)' \
		'$(if $(filter command% environment%,$(origin CC)),$(CC))'

modules clean: need-headers
	$(KBUILD) $@

clean: clean-opvsadm

opvsadm:
	+@$(MAKE) --no-print-directory -C tools/opvsadm

clean-opvsadm:
	@$(MAKE) --no-print-directory -C tools/opvsadm clean

TOOLS := opvs-upgrade opvs-takeover
TOOL_PAGES := $(TOOLS:%=%.8)
ADM_UNITS := opvs-metrics.socket opvs-metrics.service
ADM_PAGES := $(notdir $(wildcard doc/opvsadm*.8))

# The libraries that opvsadm is made of may be missing where only the module is
# wanted.
ADM_LIBRARIES := libnl-genl-3.0 smartcols json-c popt libmicrohttpd ncursesw \
	libpcap

install: install-module install-man install-tools
	@if pkg-config --exists $(ADM_LIBRARIES); then \
		$(MAKE) --no-print-directory install-opvsadm; \
	else \
		echo 'opvsadm is left out: apt-get install pkg-config' \
			'libnl-genl-3-dev libsmartcols-dev libjson-c-dev libpopt-dev' \
			libmicrohttpd-dev libncurses-dev libpcap-dev; \
	fi

# By hand: modules_install speaks of signing keys and symbol maps that only a
# kernel's own builder has.
install-module: modules
	$(if $(DESTDIR),,tools/opvs-upgrade --keep || :)
	rm -f $(MODULES:%=$(EXTRA)/%.ko*)
	for module in $(MODULES); do \
		[ ! -e $$module.ko ] || { \
			install -D -m 644 -t $(EXTRA) $$module.ko && \
			$(STRIP) --strip-debug $(EXTRA)/$$module.ko; } || exit; done
	$(if $(DESTDIR),,$(DEPMOD) -a $(KVER))

install-man:
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man4 doc/opvs.4

install-tools:
	install -D -m 755 -t $(DESTDIR)$(SBINDIR) $(TOOLS:%=tools/%)
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man8 $(TOOL_PAGES:%=doc/%)
	$(if $(UNITDIR),install -D -m 644 -t $(DESTDIR)$(UNITDIR) tools/opvs.service)
	$(if $(UNITDIR),sed -i 's|/usr/sbin/|$(SBINDIR)/|' \
		$(DESTDIR)$(UNITDIR)/opvs.service)

ADM := opvsadm opvsadm-save opvsadm-restore
# They share a page.
ADM_LINKS := opvsadm-save.8 opvsadm-restore.8

install-opvsadm: opvsadm
	install -D -m 755 -t $(DESTDIR)$(SBINDIR) $(ADM:%=tools/opvsadm/%)
	install -D -m 644 -t $(DESTDIR)$(MANDIR)/man8 $(ADM_PAGES:%=doc/%)
	for page in $(ADM_LINKS); do \
		ln -sf opvsadm.8 $(DESTDIR)$(MANDIR)/man8/$$page || exit; done
	install -D -m 644 tools/opvsadm/completion.bash \
		$(DESTDIR)$(COMPLETIONDIR)/opvsadm
	$(if $(UNITDIR),install -D -m 644 -t $(DESTDIR)$(UNITDIR) \
		$(ADM_UNITS:%=tools/metrics/%))
	$(if $(UNITDIR),sed -i 's|/usr/sbin/|$(SBINDIR)/|' \
		$(DESTDIR)$(UNITDIR)/opvs-metrics.service)

uninstall:
	rm -f $(ADM:%=$(DESTDIR)$(SBINDIR)/%) \
		$(ADM_PAGES:%=$(DESTDIR)$(MANDIR)/man8/%) \
		$(ADM_LINKS:%=$(DESTDIR)$(MANDIR)/man8/%) \
		$(ADM_UNITS:%=$(DESTDIR)$(UNITDIR)/%) \
		$(DESTDIR)$(COMPLETIONDIR)/opvsadm
	rm -f $(MODULES:%=$(EXTRA)/%.ko*) $(DESTDIR)$(MANDIR)/man4/opvs.4 \
		$(TOOLS:%=$(DESTDIR)$(SBINDIR)/%) \
		$(TOOL_PAGES:%=$(DESTDIR)$(MANDIR)/man8/%) \
		$(DESTDIR)$(UNITDIR)/opvs.service
	$(if $(DESTDIR),,$(DEPMOD) -a $(KVER))

deb:
	tools/make-deb $(DEB_OUT)

test-packages:
	tests/packages/run

demo check lint kunit bench:
	scripts/$@

e2e:
	scripts/vm --kernel $(VM_KERNEL) tests/e2e/run $(TESTS)

debug:
	scripts/vm --kernel debug --smp 2 tests/e2e/run --race

fuzz:
	tests/fuzz/run

help:
	@echo 'modules    build opvs.ko and opvs_match.ko for the kernel in KERNELDIR (default: the running one);'
	@echo '           DEBUG=1: it names what it waits for when a namespace ends'
	@echo 'opvsadm    build the command-line tool; WERROR=1, SANITIZE=1'
	@echo 'install    build; install below DESTDIR, with manual pages, opvsadm,'
	@echo '           opvs-upgrade, opvs-takeover and units for systemd; run depmod'
	@echo 'uninstall  take all of that out again'
	@echo 'clean      remove what modules made'
	@echo 'deb        build Debian packages into DEB_OUT (packages)'
	@echo 'test-packages  build, install, upgrade and purge them in Debian 12 and 13'
	@echo 'demo       one-packet SIP balancing in a virtual machine, in front of your eyes'
	@echo 'check      all tests'
	@echo 'lint       style and layer checks'
	@echo 'kunit      unit tests, on a kernel with sanitizers'
	@echo 'e2e        end-to-end tests; VM_KERNEL=stock|uml|uml-debug|debug|kcsan TESTS="NAME..."'
	@echo 'debug      the race-prone tests on the two-CPU debug kernel'
	@echo 'fuzz       the SIP parser against mutated messages, in user space'
	@echo 'bench      what packets and connections cost, beside ip_vs (quarter of an hour)'
