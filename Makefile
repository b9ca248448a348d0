# SPDX-License-Identifier: GPL-2.0-only
# The verbs.  The module itself is built by Kbuild; everything that needs
# another kernel than the running one goes through scripts/.

KVER ?= $(shell uname -r)
KERNELDIR ?= /lib/modules/$(KVER)/build
DESTDIR ?=
MANDIR ?= /usr/local/share/man
V ?= 0
VM_KERNEL ?= stock

.PHONY: all modules clean install uninstall
.PHONY: demo check lint kunit e2e debug fuzz bench help

all: modules

modules clean:
	$(MAKE) -C $(KERNELDIR) M=$(CURDIR) V=$(V) $@

# The distribution's signing key is not on this machine, so it is not asked for.
install: modules
	$(MAKE) -C $(KERNELDIR) M=$(CURDIR) V=$(V) CONFIG_MODULE_SIG_ALL= \
		INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=extra modules_install
	install -D -m 644 doc/opvs.4 $(DESTDIR)$(MANDIR)/man4/opvs.4
	$(if $(DESTDIR),,depmod -a $(KVER))

uninstall:
	rm -f $(DESTDIR)/lib/modules/$(KVER)/extra/opvs.ko* \
		$(DESTDIR)$(MANDIR)/man4/opvs.4
	$(if $(DESTDIR),,depmod -a $(KVER))

demo check lint kunit bench:
	scripts/$@

e2e:
	scripts/vm --kernel $(VM_KERNEL) tests/e2e/run $(TESTS)

debug:
	scripts/vm --kernel debug --smp 2 tests/e2e/run --race

fuzz:
	tests/fuzz/run

help:
	@echo 'modules    build opvs.ko for the kernel in KERNELDIR (default: the running one);'
	@echo '           DEBUG=1: it names what it waits for when a namespace ends'
	@echo 'install    build, install below DESTDIR, with the manual page, and run depmod'
	@echo 'uninstall  take both out again'
	@echo 'clean      remove what modules made'
	@echo 'demo       one-packet SIP balancing in a virtual machine, in front of your eyes'
	@echo 'check      all tests'
	@echo 'lint       style and layer checks'
	@echo 'kunit      unit tests, on a kernel with sanitizers'
	@echo 'e2e        end-to-end tests; VM_KERNEL=stock|uml|uml-debug|debug|kcsan TESTS="NAME..."'
	@echo 'debug      the race-prone tests on the two-CPU debug kernel'
	@echo 'fuzz       the SIP parser against mutated messages, in user space'
	@echo 'bench      what packets and connections cost, beside ip_vs (quarter of an hour)'
